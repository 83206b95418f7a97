import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

/** Files in which Linux distributions keep all trusted certificates. */
const LINUX_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Returns the certificates that TLS connections trust: Node's own, those of NODE_EXTRA_CA_CERTS and, if wanted, those
 * of this machine, which include certificates that a company's administrators installed.
 */
export async function trustedCertificates(withSystem: boolean): Promise<string[]> {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] };
  // Node before 22.15 can't list its default certificates.
  if (!getCACertificates)
    return [...tls.rootCertificates, ...(await extraCertificates()), ...(withSystem ? await linuxBundle() : [])];
  const trusted = [...getCACertificates('default'), ...(await extraCertificates())];
  if (!withSystem) return [...new Set(trusted)];
  return [...new Set([...trusted, ...systemCertificates(getCACertificates), ...(await linuxBundle())])];
}

function systemCertificates(getCACertificates: (type: 'system') => string[]): readonly string[] {
  try {
    return getCACertificates('system');
  } catch {
    // Some runtimes are built without access to the system's store, such as some versions of Electron.
    return [];
  }
}

async function extraCertificates(): Promise<readonly string[]> {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  return file ? pemFile(file) : [];
}

async function linuxBundle(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  for (const file of LINUX_BUNDLES) {
    const certificates = await pemFile(file);
    if (certificates.length > 0) return certificates;
  }
  return [];
}

async function pemFile(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
