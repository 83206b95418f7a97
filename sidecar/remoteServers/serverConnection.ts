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

/** Of an answer that is no stream of a generation. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Of an answer that comes whole; a long one is generated meanwhile. */
const BODY_LIMIT_MS = 120_000;
const ERROR_LIMIT_MS = 10_000;
const FIRST_DELAY_MS = 250;
const MIN_SECRET_UNITS = 8;
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
/** Others would answer with the same when they are asked again. */
const PASSING = new Set([408, 429, 500, 502, 503, 504, 529]);
/** What was asked is at fault, not the server. */
const UNACCEPTABLE = new Set([400, 413, 422]);

export interface ServerConnectionOptions {
  readonly address: ServerAddress;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  /** Lets code go over public networks unencrypted. */
  readonly allowHttp?: boolean | undefined;
  readonly fetch: ServerFetch;
  /** Ends what is under way, with its reason, and lets nothing more be sent: the server is not used any more. */
  readonly closing?: AbortSignal | undefined;
}

export interface ServerRequest {
  /** Below the address: "chat/completions". */
  readonly path: string;
  /** Sent as JSON; absent: the request is a GET. */
  readonly body?: object;
  /** Until the answer begins; for `readJson` also until its body is whole. */
  readonly timeoutMs: number;
  /** How often it is asked again when it is busy or broken for the moment, and how long that may take in all. */
  readonly patience: { readonly retries: number; readonly maxWaitMs: number };
  readonly signal?: AbortSignal | undefined;
}

/**
 * HTTP with one server: key, limits of time and size, asking again after a growing delay, and what its refusals mean.
 * Follows no redirection.
 */
export class ServerConnection {
  /** What the server says is shown and logged without the key: it may repeat what it was sent. */
  readonly redact: RedactKey;

  constructor(private readonly options: ServerConnectionOptions) {
    this.redact = redactKey(options.key);
  }

  /** Whether a text of the server holds the whole key. Words that stand for no key ("ollama") are no secret. */
  repeatsKey(text: string): boolean {
    const { key } = this.options;
    return key !== undefined && key.length >= MIN_SECRET_UNITS && text.includes(key);
  }

  get address(): ServerAddress {
    return this.options.address;
  }

  /**
   * The server's answer, once it accepts the request. Aborting `signal` also ends the answer's body and closes the
   * connection. Throws `ServerUnavailableError`, `TroubleError` 'server-failed' where the request was refused for what
   * it asks, and the signal's reason.
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

  /** As `send`; gives the whole answer, parsed. */
  async readJson(request: ServerRequest): Promise<unknown> {
    const response = await this.send(request);
    return this.parseJson(response, request.path, request.timeoutMs);
  }

  /** The body of an answer that ought to be JSON, and to be whole within `limitMs`. Throws `ServerUnavailableError`. */
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

  /** The answer, or why there is none; what must not be asked again is thrown. */
  async #attempt(request: ServerRequest, signal: AbortSignal): Promise<Response | PassingError> {
    const { address, key, allowHttp, fetch: send } = this.options;
    const { path, body, timeoutMs } = request;
    if (!allowHttp) checkIsPrivate(address);
    signal.throwIfAborted();
    // Only until the answer begins: its body may take longer.
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

/** `isPassing`: may be over in a moment. */
class PassingError extends ServerUnavailableError {
  constructor(
    message: string,
    readonly isPassing: boolean,
    options?: ServerUnavailableError['options'],
  ) {
    super(message, options);
  }
}

/** What a server asks for, within bounds. */
function boundedRetryMs(headers: Headers): number | undefined {
  const ms = retryAfterMs(headers);
  return ms === undefined ? undefined : Math.min(ms, LONGEST_RETRY_AFTER_MS);
}

async function textOf({ body }: Response, limits: BodyLimits): Promise<string> {
  return body ? readBoundedText(body, limits) : '';
}
