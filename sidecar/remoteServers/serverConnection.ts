import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../common/parseJson.ts';
import { TroubleError } from '../common/troubleError.ts';
import { readBoundedText, type BodyLimits } from '../common/http/boundedText.ts';
import { failureReason } from '../common/http/failureReason.ts';
import { retryAfterMs } from '../common/http/retryAfter.ts';
import { redactKey, type RedactKey } from './keyRedaction.ts';
import { checkIsPrivate, type ServerAddress } from './serverAddress.ts';
import { ServerUnavailableError, serverFailed } from './serverErrors.ts';
import type { ServerFetch } from './serverFetch.ts';
import { refusalText } from './serverResponse.ts';

/** The largest body of an answer that is not a generation's stream. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** The time limit for an answer without streaming, during which a long text may be generated. */
const BODY_LIMIT_MS = 120_000;
const ERROR_LIMIT_MS = 10_000;
const FIRST_DELAY_MS = 250;
const MIN_SECRET_UNITS = 8;
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
/** Status codes that may succeed after a retry. */
const PASSING = new Set([408, 429, 500, 502, 503, 504, 529]);
/** Status codes for an invalid request, not a failing server. */
const UNACCEPTABLE = new Set([400, 413, 422]);

export interface ServerConnectionOptions {
  readonly address: ServerAddress;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  /** Allows unencrypted connections over public networks. */
  readonly allowHttp?: boolean | undefined;
  readonly fetch: ServerFetch;
  /** Cancels running requests with its reason and prevents new ones, because the server is no longer used. */
  readonly closing?: AbortSignal | undefined;
}

export interface ServerRequest {
  /** The path below the address, such as "chat/completions". */
  readonly path: string;
  /** Sent as JSON. Without a body the request is a GET. */
  readonly body?: object;
  /** The time limit until the answer begins. For `readJson` it also covers the body. */
  readonly timeoutMs: number;
  /** How often to retry if the server is busy or failing for the moment, and how long to wait in all. */
  readonly patience: { readonly retries: number; readonly maxWaitMs: number };
  readonly signal?: AbortSignal | undefined;
}

/**
 * HTTP with one server: key, limits of time and size, retries with a growing delay, and the meaning of refusals.
 * Redirections are not followed.
 */
export class ServerConnection {
  /** Removes the key from a server's text before it is shown or logged, since the server may repeat it. */
  readonly redact: RedactKey;

  constructor(private readonly options: ServerConnectionOptions) {
    this.redact = redactKey(options.key);
  }

  /** Whether a server's text contains the whole key. Short placeholders for a key ("ollama") are no secret. */
  repeatsKey(text: string): boolean {
    const { key } = this.options;
    return key !== undefined && key.length >= MIN_SECRET_UNITS && text.includes(key);
  }

  get address(): ServerAddress {
    return this.options.address;
  }

  /**
   * Sends a request and returns the response once the server accepts it. Aborting `signal` also ends the response's
   * body and closes the connection. Rejects with `ServerUnavailableError`, with `TroubleError` 'server-failed' if the
   * request itself was refused, and with the signal's reason.
   */
  async send(request: ServerRequest): Promise<Response> {
    const { retries, maxWaitMs } = request.patience;
    const signal = AbortSignal.any([this.options.closing, request.signal].filter((each) => each !== undefined));
    let waitedMs = 0;
    for (let attempt = 0; ; attempt++) {
      const failure = await this.#attempt(request, signal);
      if (!(failure instanceof PassingError)) return failure;
      const delayMs = failure.options.retryAfterMs ?? FIRST_DELAY_MS * 2 ** attempt * (0.75 + Math.random() / 4);
      if (!failure.isPassing || attempt >= retries || waitedMs + delayMs > maxWaitMs) throw failure;
      waitedMs += delayMs;
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Sends a request and returns the whole response, parsed. */
  async readJson(request: ServerRequest): Promise<unknown> {
    const response = await this.send(request);
    return this.parseJson(response, request.path, request.timeoutMs);
  }

  /** Parses a response's body as JSON, complete within `limitMs`. Rejects with `ServerUnavailableError`. */
  async parseJson(response: Response, path: string, limitMs = BODY_LIMIT_MS): Promise<unknown> {
    const { host } = this.address;
    const text = await textOf(response, { maxBytes: MAX_BODY_BYTES, limitMs }).catch((error: unknown) => {
      throw new ServerUnavailableError(
        `The answer of ${host} to ${path} can not be read: ${this.redact(failureReason(error))}.`,
        { cause: error },
      );
    });
    try {
      return parseJson(text);
    } catch (error) {
      const type = response.headers.get('content-type') ?? 'no content type';
      throw new ServerUnavailableError(
        `${host} answered ${path} with ${text.length} characters (${this.redact(type).slice(0, 100)}), expected JSON. Is this the address of an OpenAI-compatible API?`,
        { cause: error },
      );
    }
  }

  /** Returns the response, or a failure that may be retried. Rejects with a failure that must not be retried. */
  async #attempt(request: ServerRequest, signal: AbortSignal): Promise<Response | PassingError> {
    const { address, key, allowHttp, fetch: send } = this.options;
    const { path, body, timeoutMs } = request;
    if (!allowHttp) checkIsPrivate(address);
    signal.throwIfAborted();
    // This timeout ends when the response begins, since its body may take longer.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const headers = {
      accept: 'application/json, text/event-stream',
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(key ? { authorization: `Bearer ${key}` } : {}),
    };
    let response: Response;
    try {
      response = await send(new URL(path, address.base), {
        method: body ? 'POST' : 'GET',
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
      });
    } catch (error) {
      signal.throwIfAborted();
      // The name has a public address.
      if (error instanceof Error && error.cause instanceof TroubleError) throw error.cause;
      if (late.signal.aborted)
        throw new ServerUnavailableError(
          `${address.host} did not begin to answer ${path} within ${Math.round(timeoutMs / 1000)} s.`,
          { cause: error },
        );
      return new PassingError(
        `${address.host} can not be reached: ${this.redact(failureReason(error))}. Is it running, and is the address right?`,
        true,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
    return response.ok ? response : this.#refusal(response, request);
  }

  async #refusal(response: Response, { path, timeoutMs }: ServerRequest): Promise<PassingError> {
    const { host } = this.address;
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw new ServerUnavailableError(
        `${host} answers ${path} with a redirection (${status}), which is not followed, because code and key would go elsewhere. Enter the address that it leads to.`,
      );
    }
    const text = await textOf(response, {
      maxBytes: MAX_ERROR_BYTES,
      limitMs: Math.min(timeoutMs, ERROR_LIMIT_MS),
    }).catch(() => '');
    const said = refusalText(text, this.redact);
    const quoted = said === '' ? '' : ` It says: ${said}`;
    if (status === 401 || status === 403)
      throw new ServerUnavailableError(
        `${host} refuses the key (${status}). Enter another one by "Chorus: Use a Server…".${quoted}`,
      );
    if (status === 404 || status === 405 || status === 501)
      throw new ServerUnavailableError(`${host} has no ${path}, or not this model (${status}).${quoted}`, { status });
    if (UNACCEPTABLE.has(status)) throw serverFailed(`${host} refused the request to ${path} (${status}).${quoted}`);
    const isPassing = PASSING.has(status);
    const problem = status === 429 ? 'has more requests than it takes' : 'failed';
    return new PassingError(`${host} ${problem} (${status}).${quoted}`, isPassing, {
      retryAfterMs: isPassing ? boundedRetryMs(headers) : undefined,
    });
  }
}

/** A failure of the server. `isPassing`: a retry may succeed. */
class PassingError extends ServerUnavailableError {
  constructor(
    message: string,
    readonly isPassing: boolean,
    options?: ServerUnavailableError['options'],
  ) {
    super(message, options);
  }
}

/** Returns the delay that a server asks for, within bounds. */
function boundedRetryMs(headers: Headers): number | undefined {
  const ms = retryAfterMs(headers);
  return ms === undefined ? undefined : Math.min(ms, LONGEST_RETRY_AFTER_MS);
}

async function textOf({ body }: Response, limits: BodyLimits): Promise<string> {
  return body ? readBoundedText(body, limits) : '';
}
