import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request that a scripted server received. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Resolves when the client closed the connection before the end of the answer. */
  readonly left: Promise<void>;
}

/** Answers one request. */
export type Script = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

/** An OpenAI-compatible server on this machine that answers by script. */
export class ScriptedServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  /** Scripts by path below `/v1/`. The last script of a list repeats. */
  readonly scripts = new Map<string, Script[]>([
    ['models', [json({ object: 'list', data: [{ id: 'test-model', object: 'model', max_model_len: 4096 }] })]],
  ]);
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Sets the answers of a path, one script per request. */
  on(path: string, ...scripts: Script[]): void {
    this.scripts.set(path, scripts);
  }

  requestsTo(path: string): SeenRequest[] {
    return this.requests.filter((each) => each.path === `/v1/${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const left = new Promise<void>((resolve) => response.once('close', () => !response.writableFinished && resolve()));
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      left,
    };
    this.requests.push(seen);
    const scripts = this.scripts.get(seen.path.replace('/v1/', '')) ?? [];
    const script = scripts.length > 1 ? scripts.shift() : scripts[0];
    await (script ?? status(404, { error: { message: 'Not found' } }))(response, seen);
  }
}

/** Answers with JSON as a whole. */
export function json(value: unknown): Script {
  return status(200, value);
}

/** Answers with a status code, and JSON as the body. */
export function status(code: number, value: unknown, headers: Record<string, string> = {}): Script {
  return (response) =>
    void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** Answers with any body. */
export function body(type: string, text: string): Script {
  return (response) => void response.writeHead(200, { 'content-type': type }).end(text);
}

interface StreamOptions {
  /** Whether the stream lacks its end. */
  readonly isCut?: boolean;
  readonly finishReason?: string;
  /** The pause between two parts. */
  readonly pauseMs?: number;
}

/** Answers with a stream of `/v1/completions`. */
export function textStream(parts: readonly string[], options: StreamOptions = {}): Script {
  return stream(
    parts.map((text) => ({ choices: [{ index: 0, text, finish_reason: null }] })),
    options,
  );
}

/** Answers with a stream of `/v1/chat/completions`. */
export function chatStream(parts: readonly string[], options: StreamOptions = {}): Script {
  return stream(
    parts.map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    options,
  );
}

function stream(
  events: readonly object[],
  { isCut = false, finishReason = 'stop', pauseMs = 0 }: StreamOptions,
): Script {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const event of events) {
      response.write(`data: ${JSON.stringify(event)}\n\n`);
      if (pauseMs > 0) await sleep(pauseMs);
      if (response.destroyed) return;
    }
    if (isCut) {
      response.destroy();
      return;
    }
    response.write(
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, text: '', finish_reason: finishReason }] })}\n\n`,
    );
    response.end('data: [DONE]\n\n');
  };
}

/** Begins a body and stalls. */
export function stall(code: number, type: string, begin: string): Script {
  return (response) => void response.writeHead(code, { 'content-type': type }).write(begin);
}

/** Never answers. */
export const silence: Script = () => undefined;
