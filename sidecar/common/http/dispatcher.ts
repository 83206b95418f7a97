import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { TroubleError } from '../troubleError.ts';
import type { NetworkSettings } from '../../protocol/client.ts';
import { trustedCertificates } from './certificates.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** This machine is never reached by way of a proxy. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'];

/**
 * Connections by way of the user's proxy, trusting whom the user's machine trusts; `lookup` finds the hosts that no
 * proxy is asked for. Throws `TroubleError` 'download-failed' where the proxy's URL is none.
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

/** What of a URL, or of what was to be one, stands behind a name and a password. */
function withoutPassword(url: string): string {
  const end = url.lastIndexOf('@');
  return end < 0 ? url : `…${url.slice(end)}`;
}
