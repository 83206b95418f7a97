import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

/** Where Linux distributions keep all certificates that they trust in one file. */
const LINUX_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Certificates that TLS connections trust: Node's own, those of NODE_EXTRA_CA_CERTS and, where wanted, those that this
 * machine trusts, with what a company's administrators installed.
 */
export async function trustedCertificates(withSystem: boolean): Promise<string[]> {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] };
  // Before Node 22.15 the default ones can't be asked for.
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
    // Runtimes that are built without access to the system's store, such as some of Electron.
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
