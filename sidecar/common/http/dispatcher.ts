import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { TroubleError } from '../troubleError.ts';
import type { NetworkSettings } from '../../protocol/client.ts';
import { trustedCertificates } from './certificates.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** Connections to this machine never use a proxy. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'];

/**
 * Opens connections through the user's proxy, with the certificates that the user's machine trusts. `lookup` resolves
 * hosts that are reached without a proxy. Throws `TroubleError` 'download-failed' if the proxy's URL is invalid.
 */
export async function openDispatcher(
  settings: NetworkSettings = {},
  environment: NodeJS.ProcessEnv = process.env,
  lookup?: LookupFunction,
): Promise<Dispatcher> {
  const { proxy, proxyAuthorization, noProxy, strictTls = true, systemCertificates = true } = settings;
  if (proxy && !/^https?:$/.test(URL.canParse(proxy) ? new URL(proxy).protocol : ''))
    throw new TroubleError(
      'download-failed',
      `http.proxy: expected an http: or https: URL, got ${withoutPassword(proxy).slice(0, 300)}`,
    );
  const tls = { ca: await trustedCertificates(systemCertificates), rejectUnauthorized: strictTls };
  const excluded = noProxy?.join(',') || environment['no_proxy'] || environment['NO_PROXY'] || '';
  return new EnvHttpProxyAgent({
    httpProxy: proxy ?? environment['http_proxy'] ?? environment['HTTP_PROXY'] ?? '',
    httpsProxy: proxy ?? environment['https_proxy'] ?? environment['HTTPS_PROXY'] ?? '',
    noProxy: [...LOCAL_HOSTS, excluded].filter(Boolean).join(','),
    token: proxyAuthorization,
    connect: { ...tls, timeout: CONNECT_TIMEOUT_MS, ...(lookup ? { lookup } : {}) },
    requestTls: tls,
    proxyTls: tls,
  });
}

/** Returns the part of a URL, valid or not, behind its user name and password. */
function withoutPassword(url: string): string {
  const end = url.lastIndexOf('@');
  return end < 0 ? url : `…${url.slice(end)}`;
}
