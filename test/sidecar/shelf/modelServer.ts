import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ggufHeaderBytes, tinyModel } from '../models/ggufFile.ts';

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse, server: ModelServer) => void;

export interface SeenRequest {
  readonly url: string;
  readonly range?: string;
  readonly ifRange?: string;
}

/** A web server on this machine that has one file. Each request gets the next answer; the last answer repeats. */
export class ModelServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  answers: readonly Answer[] = [whole];
  /** The file that the client writes. A connection is cut once the client has written every byte that was sent. */
  clientFile: string | undefined;

  private constructor(public content: Buffer) {
    this.#server = createServer((request, response) => {
      const { url = '', headers } = request;
      this.requests.push({ url, range: headers.range, ifRange: headers['if-range'] as string | undefined });
      const answer = this.answers[Math.min(this.requests.length, this.answers.length) - 1];
      answer?.(request, response, this);
    });
  }

  static async start(content: Buffer, ...answers: readonly Answer[]): Promise<ModelServer> {
    const server = new ModelServer(content);
    if (answers.length > 0) server.answers = answers;
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.origin}/model.gguf`;
  }

  get etag(): string {
    return `"${sha256(this.content).slice(0, 16)}"`;
  }

  /** The ranges that clients requested, "-" for none. */
  get ranges(): readonly string[] {
    return this.requests.map(({ range }) => range ?? '-');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A model of about `sizeBytes`. Each `seed` gives another model. */
export function modelBytes(sizeBytes = 300_000, seed = 1): Buffer {
  const header = ggufHeaderBytes(tinyModel());
  const data = Buffer.alloc(Math.max(5_000, sizeBytes - header.length));
  for (let index = 0, value = seed; index < data.length; index++)
    data[index] = (value = (value * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
  return Buffer.concat([header, data]);
}

/** Answers as a correct server: with the file, or with the requested range if it belongs to this file. */
export const whole: Answer = (request, response, server) => {
  const { content, etag } = server;
  const start = startOf(request, server);
  if (start === undefined) {
    response.writeHead(200, { 'content-length': content.length, etag }).end(content);
  } else if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  } else {
    response
      .writeHead(206, {
        'content-length': content.length - start,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
        etag,
      })
      .end(content.subarray(start));
  }
};

/** Answers as `whole`, but ends the connection after this many bytes of the body. */
export function cutAfter(bytes: number): Answer {
  return (request, response, server) => {
    sendHead(request, response, server);
    const start = startOf(request, server) ?? 0;
    response.write(server.content.subarray(start, start + bytes));
    cutWhenReceived(response, server, start + bytes);
  };
}

/** Ends a connection once the client has written this many bytes to its file. */
export function cutWhenReceived(response: ServerResponse, { clientFile = '' }: ModelServer, bytes: number): void {
  const look = (): void => {
    if ((statSync(clientFile, { throwIfNoEntry: false })?.size ?? 0) >= bytes) response.destroy();
    else if (!response.destroyed) setTimeout(look, 5);
  };
  look();
}

/** Answers as `whole`, but sends nothing after this many bytes of the body. */
export function stallAfter(bytes: number): Answer {
  return (request, response, server) => {
    sendHead(request, response, server);
    const start = startOf(request, server) ?? 0;
    response.write(server.content.subarray(start, start + bytes));
  };
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end();
}

/** A redirect with Hugging Face's description of a file. */
export function linkedRedirect(target: string): Answer {
  return (_request, response, { content }) =>
    response
      .writeHead(302, { location: target, 'x-linked-etag': `"${sha256(content)}"`, 'x-linked-size': content.length })
      .end();
}

function sendHead(request: IncomingMessage, response: ServerResponse, server: ModelServer): void {
  const { content, etag } = server;
  const start = startOf(request, server);
  if (start === undefined) response.writeHead(200, { 'content-length': content.length, etag });
  else
    response.writeHead(206, {
      'content-length': content.length - start,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      etag,
    });
}

/**
 * Where the requested range begins; `undefined` if the whole file is requested, or if the range belongs to another
 * file.
 */
function startOf({ headers }: IncomingMessage, { etag }: ModelServer): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  const ifRange = headers['if-range'];
  return start === undefined || (ifRange !== undefined && ifRange !== etag) ? undefined : Number(start);
}
