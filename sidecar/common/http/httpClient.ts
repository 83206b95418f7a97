import { request, type Dispatcher } from 'undici';
import type { NetworkSettings } from '../../protocol/client.ts';
import { ALLOWED_URL, isAllowedUrl } from './allowedUrl.ts';
import { checkedLookup, type Resolve } from './checkedLookup.ts';
import { reachesThisMachine } from './loopback.ts';
import { openDispatcher } from './dispatcher.ts';

const MAX_REDIRECTS = 10;

export interface HttpResponse {
  readonly status: number;
  /** The headers of the last response. */
  readonly headers: Headers;
  /**
   * The headers of all responses, redirects included; the first value of each name counts. A hub describes a file in
   * the redirect to its bytes.
   */
  readonly firstHeaders: Headers;
  /** The URL of the last response. */
  readonly url: string;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** A server that sends nothing for this long has stalled. */
  readonly stallMs?: number;
}

/** The URL or a redirect leads to a place that downloads may not come from. */
export class HttpRefusalError extends Error {
  override readonly name = 'HttpRefusalError';
}

/** Sends GET requests through the user's proxy, with the certificates that the user's machine trusts. */
export class HttpClient {
  private constructor(
    private readonly dispatcher: Dispatcher,
    /** Hosts that a caller asked for, as opposed to targets of a redirect. */
    private readonly chosenHosts: Set<string>,
  ) {}

  /** Throws `TroubleError` 'download-failed' if the proxy's URL is invalid. */
  static async open(
    settings: NetworkSettings = {},
    environment: NodeJS.ProcessEnv = process.env,
    resolve?: Resolve,
  ): Promise<HttpClient> {
    const chosen = new Set<string>();
    const refusal = (hostname: string, address: string): Error | undefined =>
      chosen.has(hostname) || !reachesThisMachine(address)
        ? undefined
        : new HttpRefusalError(`A redirect leads to ${hostname}, which is this machine`);
    return new HttpClient(await openDispatcher(settings, environment, checkedLookup(refusal, resolve)), chosen);
  }

  /**
   * Returns the response behind all redirects. The caller must read or destroy its body. Throws `HttpRefusalError`, and
   * undici's errors if the network fails.
   */
  async get(url: string, { headers = {}, signal, stallMs = 30_000 }: HttpRequest = {}): Promise<HttpResponse> {
    const firstHeaders = new Headers();
    const start = URL.canParse(url) ? new URL(url).hostname : undefined;
    const startsHere = start !== undefined && reachesThisMachine(start);
    if (start !== undefined) this.chosenHosts.add(start);
    let next = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      if (!isAllowedUrl(next))
        throw new HttpRefusalError(`${next.slice(0, 300)} is no place for models: ${ALLOWED_URL}`);
      if (!startsHere && reachesThisMachine(new URL(next).hostname))
        throw new HttpRefusalError(`${url} leads to ${next.slice(0, 300)}, which is this machine`);
      const response = await request(next, {
        dispatcher: this.dispatcher,
        signal,
        headers: { 'user-agent': 'chorus', ...headers },
        headersTimeout: stallMs,
        bodyTimeout: stallMs,
      });
      // The error of a body that nobody reads must not end this process.
      response.body.on('error', () => undefined);
      const received = toHeaders(response.headers);
      for (const [name, value] of received) if (!firstHeaders.has(name)) firstHeaders.set(name, value);
      const location = received.get('location');
      if (response.statusCode < 300 || response.statusCode > 399 || location === null) {
        return { status: response.statusCode, headers: received, firstHeaders, url: next, body: response.body };
      }
      await response.body.dump();
      if (!URL.canParse(location, next)) throw new HttpRefusalError(`${next} leads to what is no URL`);
      next = new URL(location, next).href;
    }
    throw new HttpRefusalError(`${url} leads from one place to the next without an end (${MAX_REDIRECTS} redirects)`);
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }
}

function toHeaders(received: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  return headers;
}
