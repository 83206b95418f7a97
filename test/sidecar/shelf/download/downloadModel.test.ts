import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import type { DownloadProgress, DownloadResult } from '../../../../sidecar/protocol/client.ts';
import { downloadModel, type ModelDownload } from '../../../../sidecar/shelf/download/downloadModel.ts';
import { HttpClient } from '../../../../sidecar/common/http/httpClient.ts';
import { ggufHeaderBytes, tinyModel } from '../../models/ggufFile.ts';
import {
  cutAfter,
  cutWhenReceived,
  linkedRedirect,
  modelBytes,
  ModelServer,
  sha256,
  stallAfter,
  status,
  whole,
  type Answer,
} from '../modelServer.ts';

const content = modelBytes();
const timing = { retryMs: 5, stallMs: 300 };
let folder: string;
let client: HttpClient;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-download-'));
  client = await HttpClient.open({ systemCertificates: false }, {});
});
afterEach(async () => {
  await client.close();
  await rm(folder, { recursive: true, force: true });
});

interface Attempt extends Partial<ModelDownload> {
  readonly server: ModelServer;
  /** Whether the checksum is known beforehand. */
  readonly checksum?: boolean;
}

async function download(attempt: Attempt): Promise<string> {
  return (await result(attempt)).path;
}

function result({ server, checksum = false, ...request }: Attempt): Promise<DownloadResult> {
  server.clientFile = path.join(folder, 'model.gguf.part');
  const known = checksum ? { sha256: sha256(server.content) } : {};
  const files = [{ url: server.url, sizeBytes: server.content.length, ...known }];
  return downloadModel({
    files,
    folder,
    client,
    timing,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...request,
  });
}

/** The error of a failed download. */
async function refusal(attempt: Promise<string>): Promise<TroubleError> {
  return attempt.then(
    (file) => assert.fail(`${file} was downloaded`),
    (error: unknown) => error as TroubleError,
  );
}

const filesThere = async (): Promise<readonly string[]> => (await readdir(folder)).sort();

describe('downloadModel downloads a whole model', () => {
  const cases: { readonly name: string; readonly answers: readonly Answer[]; readonly ranges: readonly string[] }[] = [
    { name: 'from a correct server', answers: [whole], ranges: ['-'] },
    {
      name: 'if the connection is cut twice, by requests for the rest',
      answers: [cutAfter(100_000), cutAfter(50_000), whole],
      ranges: ['-', 'bytes=100000-', 'bytes=150000-'],
    },
    { name: 'if the server stalls', answers: [stallAfter(80_000), whole], ranges: ['-', 'bytes=80000-'] },
    {
      name: 'if the server is busy and says for how long',
      answers: [status(503), status(429, { 'retry-after': '0' }), status(500), whole],
      ranges: ['-', '-', '-', '-'],
    },
    {
      name: 'if the server does not support ranges',
      answers: [
        cutAfter(100_000),
        (_request, response, server) =>
          response.writeHead(200, { 'content-length': server.content.length }).end(server.content),
      ],
      ranges: ['-', 'bytes=100000-'],
    },
    {
      name: 'if the server sends another range than requested',
      answers: [cutAfter(100_000), wrongPart(5), whole],
      ranges: ['-', 'bytes=100000-', '-'],
    },
    {
      name: 'if the range belongs to a file of another length',
      answers: [cutAfter(100_000), otherLength, whole],
      ranges: ['-', 'bytes=100000-', '-'],
    },
    {
      name: 'if the server no longer has the range',
      answers: [cutAfter(100_000), status(416, { 'content-range': 'bytes */7' }), whole],
      ranges: ['-', 'bytes=100000-', '-'],
    },
    {
      name: 'if the server gives no length',
      answers: [(_request, response, server) => response.writeHead(200).end(server.content)],
      ranges: ['-'],
    },
  ];
  for (const { name, answers, ranges } of cases) {
    it(name, async () => {
      await using server = await ModelServer.start(content, ...answers);
      const file = await download({ server });
      assert.deepEqual(await readFile(file), content);
      assert.deepEqual(server.ranges, ranges);
      assert.deepEqual(await filesThere(), ['model.gguf']);
    });
  }

  it('if the file changes between two requests, without bytes of the old file', async () => {
    const newer = modelBytes(300_000, 2);
    const change: Answer = (request, response, server) => {
      server.content = newer;
      whole(request, response, server);
    };
    await using server = await ModelServer.start(content, cutAfter(100_000), change);
    assert.deepEqual(await readFile(await download({ server })), newer);
    assert.deepEqual(server.requests[1], {
      url: '/model.gguf',
      range: 'bytes=100000-',
      ifRange: `"${sha256(content).slice(0, 16)}"`,
    });
  });

  it('if the file changes and the server sends the range anyway', async () => {
    const newer = modelBytes(300_000, 2);
    const change: Answer = (request, response, server) => {
      server.content = newer;
      delete request.headers['if-range'];
      whole(request, response, server);
    };
    await using server = await ModelServer.start(content, cutAfter(100_000), change, whole);
    assert.deepEqual(await readFile(await download({ server })), newer);
  });

  it('through redirects, and verifies the checksum of the first redirect', async () => {
    await using server = await ModelServer.start(content, linkedRedirect('/elsewhere'), whole);
    const states = new Set<string>();
    assert.deepEqual(
      await readFile(await download({ server, onProgress: ({ state }: DownloadProgress) => states.add(state) })),
      content,
    );
    assert.ok(states.has('verifying'));
  });

  it('and tells whether a checksum of the catalogue or the server verified it', async () => {
    const cases: readonly [answers: readonly Answer[], checksum: boolean, isVerified: boolean][] = [
      [[whole], true, true],
      [[linkedRedirect('/elsewhere'), whole], false, true],
      [[whole], false, false],
    ];
    for (const [answers, checksum, isVerified] of cases) {
      await using server = await ModelServer.start(content, ...answers);
      const first = await result({ server, checksum });
      assert.equal(first.isVerified, isVerified);
      assert.deepEqual(await result({ server, checksum }), { path: first.path });
      await rm(first.path);
    }
  });

  it('only once', async () => {
    await using server = await ModelServer.start(content);
    await download({ server });
    await download({ server });
    assert.equal(server.requests.length, 1);
  });
});

describe('downloadModel fails with the reason', () => {
  const cases: {
    readonly name: string;
    readonly answers: readonly Answer[];
    readonly says: RegExp;
    readonly checksum?: boolean;
    readonly left?: readonly string[];
  }[] = [
    {
      name: 'if the file needs a login',
      answers: [status(403)],
      says: /status 403: it gives the file only to whom it knows/,
    },
    {
      name: 'if the file is gone',
      answers: [status(404)],
      says: /status 404: the file is not there any more/,
    },
    { name: 'if the response makes no sense', answers: [status(418)], says: /status 418/ },
    {
      name: 'if the server fails again and again',
      answers: [status(500)],
      says: /status 500\. It was tried 7 times/,
    },
    { name: 'if every connection brings one byte', answers: [cutAfter(1)], says: /It was tried 7 times/ },
    {
      name: 'if redirects never end',
      answers: [status(302, { location: '/model.gguf' })],
      says: /without an end \(10 redirects\)/,
    },
    {
      name: 'if a redirect leads to a local file',
      answers: [status(302, { location: 'file:///etc/passwd' })],
      says: /file:\/\/\/etc\/passwd is no place for models/,
    },
    {
      name: 'if a redirect leads to an http: URL',
      answers: [status(302, { location: 'http://models.example/model.gguf' })],
      says: /http:\/\/models\.example\/model\.gguf is no place for models: expected an https: URL/,
    },
    {
      name: 'if the body is longer than the server said',
      answers: [shorter],
      says: /no model that can be used/,
      left: [],
    },
    {
      name: 'if the server has a far larger file',
      answers: [claims(3 * content.length)],
      says: /900000 bytes \(900 KB\), expected about 300000/,
    },
    {
      name: 'if the length differs from the catalogue’s for a known checksum',
      answers: [claims(content.length + 1)],
      checksum: true,
      says: /300001 bytes \(300 KB\), expected 300000/,
    },
    {
      name: 'if the bytes do not match the checksum',
      answers: [wrongBytes],
      checksum: true,
      says: /its checksum is another. Nothing of it was kept/,
      left: [],
    },
    {
      name: 'if the file is not a model',
      answers: [page],
      says: /no model that can be used, and was removed: model\.gguf\.part/,
      left: [],
    },
    { name: 'if the body is endless', answers: [endless], says: /sends more than 600000 bytes/ },
  ];
  for (const { name, answers, says, checksum, left } of cases) {
    it(name, async () => {
      await using server = await ModelServer.start(content, ...answers);
      const error = await refusal(download({ server, checksum }));
      assert.equal(error.code, 'download-failed');
      assert.match(error.message, says);
      const there = await filesThere();
      assert.ok(!there.includes('model.gguf'));
      if (left) assert.deepEqual(there, left);
      for (const file of there) assert.ok((await stat(path.join(folder, file))).size <= 2 * content.length, file);
    });
  }

  it('if the disk has no room for all parts, before the first request', async () => {
    await using server = await ModelServer.start(content);
    const files = [content.length, 10 ** 15].map((sizeBytes, index) => ({
      url: `${server.origin}/model-0000${index + 1}-of-00002.gguf`,
      sizeBytes,
    }));
    const error = await refusal(download({ server, files }));
    assert.equal(error.code, 'disk-full');
    assert.deepEqual(server.requests, []);
  });

  it('if the disk has no room, before the first request', async () => {
    await using server = await ModelServer.start(content, claims(10 ** 15));
    const error = await refusal(download({ server, files: [{ url: server.url, sizeBytes: 10 ** 15 }] }));
    assert.equal(error.code, 'disk-full');
    assert.match(error.message, /model\.gguf needs 1\.00 PB more on the disk of .*, and .* are free/);
  });
});

it('downloadModel removes a file with a header but of an unknown architecture', async () => {
  const model = tinyModel({ metadata: { 'general.architecture': { type: 'string', value: 'unknown' } } });
  await using server = await ModelServer.start(Buffer.concat([ggufHeaderBytes(model), Buffer.alloc(300_000)]));
  const { message } = await refusal(download({ server }));
  assert.match(message, /is no model that can be used, and was removed: .*unknown/);
  assert.deepEqual(await filesThere(), []);
});

describe('a download that stops', () => {
  /** Pauses once this many bytes have arrived. */
  async function pausedAt(server: ModelServer, bytes: number): Promise<void> {
    const pause = new AbortController();
    const onProgress = ({ receivedBytes }: DownloadProgress): void => {
      if (receivedBytes >= bytes) pause.abort();
    };
    await assert.rejects(download({ server, signal: pause.signal, onProgress }), { name: 'AbortError' });
  }

  it("keeps its bytes under a name that is no model's, and continues there", async () => {
    await using server = await ModelServer.start(content, stallAfter(120_000), whole);
    await pausedAt(server, 120_000);
    assert.deepEqual(await filesThere(), ['model.gguf.part', 'model.gguf.part.json']);
    assert.deepEqual(await readFile(await download({ server })), content);
    assert.deepEqual(server.ranges, ['-', 'bytes=120000-']);
  });

  it('starts again if its bytes were damaged on the disk', async () => {
    await using server = await ModelServer.start(content, stallAfter(120_000), whole);
    await pausedAt(server, 120_000);
    await writeFile(path.join(folder, 'model.gguf.part'), Buffer.alloc(120_000));
    assert.deepEqual(await readFile(await download({ server, checksum: true })), content);
    assert.deepEqual(server.ranges, ['-', 'bytes=120000-', '-']);
  });

  it('starts again if nothing identifies the file of its bytes', async () => {
    await using server = await ModelServer.start(content);
    await writeFile(path.join(folder, 'model.gguf.part'), content.subarray(0, 1000));
    await writeFile(path.join(folder, 'model.gguf.part.json'), '{"url": 7}');
    assert.deepEqual(await readFile(await download({ server })), content);
    assert.deepEqual(server.ranges, ['-']);
  });

  it('does not write through a link at its path', { skip: process.platform === 'win32' }, async () => {
    const other = path.join(folder, 'other.txt');
    await writeFile(other, 'mine');
    const state = (server: ModelServer): string =>
      JSON.stringify({ url: server.url, validator: server.etag, totalBytes: content.length });
    for (const left of [undefined, state]) {
      await using server = await ModelServer.start(content);
      await symlink(other, path.join(folder, 'model.gguf.part'));
      if (left) await writeFile(path.join(folder, 'model.gguf.part.json'), left(server));
      const file = await download({ server });
      assert.ok((await lstat(file)).isFile());
      assert.deepEqual(await readFile(file), content);
      assert.equal(await readFile(other, 'utf8'), 'mine');
      await rm(file);
    }
  });

  it('continues without If-Range only if a checksum can verify the file', async () => {
    const noValidator: Answer = (request, response, server) => {
      response.removeHeader('etag');
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      const range =
        start > 0 ? { 'content-range': `bytes ${start}-${server.content.length - 1}/${server.content.length}` } : {};
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': server.content.length - start, ...range });
      if (server.requests.length === 1) {
        response.write(server.content.subarray(0, 90_000));
        cutWhenReceived(response, server, 90_000);
      } else response.end(server.content.subarray(start));
    };
    for (const { checksum, ranges } of [
      { checksum: true, ranges: ['-', 'bytes=90000-'] },
      { checksum: false, ranges: ['-', '-'] },
    ]) {
      await using server = await ModelServer.start(content, noValidator);
      const file = await download({ server, checksum });
      assert.deepEqual(await readFile(file), content);
      assert.deepEqual(server.ranges, ranges);
      await rm(file);
    }
  });
});

it('downloadModel names a folder that it can’t create, and makes no request', async () => {
  await using server = await ModelServer.start(content);
  await writeFile(path.join(folder, 'file'), '');
  const below = path.join(folder, 'file', 'models');
  const { code, message } = await refusal(download({ server, folder: below }));
  assert.equal(code, 'download-failed');
  assert.ok(message.startsWith(`${below}: It can't be written. (E`), message);
  assert.deepEqual(server.requests, []);
});

describe('a model in several parts', () => {
  const files = (server: ModelServer): ModelDownload['files'] =>
    [1, 2].map((part) => ({ url: `${server.origin}/model-0000${part}-of-00002.gguf`, sizeBytes: content.length }));

  it('gets its names after all parts have arrived, and continues with the part where it stopped', async () => {
    await using server = await ModelServer.start(content, whole, stallAfter(50_000), whole);
    const pause = new AbortController();
    const totals = new Set<number>();
    const onProgress = ({ receivedBytes, totalBytes }: DownloadProgress): void => {
      totals.add(totalBytes);
      if (receivedBytes >= content.length + 50_000) pause.abort();
    };
    await assert.rejects(download({ server, files: files(server), signal: pause.signal, onProgress }), {
      name: 'AbortError',
    });
    assert.deepEqual([...totals], [2 * content.length]);
    assert.deepEqual(
      (await filesThere()).filter((name) => name.endsWith('.gguf')),
      [],
    );
    const file = await download({ server, files: files(server) });
    assert.equal(path.basename(file), 'model-00001-of-00002.gguf');
    assert.deepEqual(await filesThere(), ['model-00001-of-00002.gguf', 'model-00002-of-00002.gguf']);
    assert.deepEqual(
      server.requests.map(({ url, range }) => `${url.slice(7, 12)} ${range ?? '-'}`),
      ['00001 -', '00002 -', '00002 bytes=50000-'],
    );
  });

  it('gives the first part its name last, so that a model with that part is whole', async () => {
    await using server = await ModelServer.start(content);
    // No file can take the name of a folder.
    await mkdir(path.join(folder, 'model-00001-of-00002.gguf'));
    await refusal(download({ server, files: files(server) }));
    assert.deepEqual(
      (await filesThere()).filter((name) => name.endsWith('.gguf')),
      ['model-00001-of-00002.gguf', 'model-00002-of-00002.gguf'],
    );
  });

  it('downloads only missing parts', async () => {
    await using server = await ModelServer.start(content);
    await writeFile(path.join(folder, 'model-00001-of-00002.gguf'), content);
    const file = await download({ server, files: files(server) });
    assert.equal(path.basename(file), 'model-00001-of-00002.gguf');
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/model-00002-of-00002.gguf'],
    );
    assert.deepEqual(await readFile(path.join(folder, 'model-00002-of-00002.gguf')), content);
  });
});

/** Sends a range that begins this many bytes too early. */
function wrongPart(bytes: number): Answer {
  return (request, response, { content: all, etag }) => {
    const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0) - bytes;
    response
      .writeHead(206, { 'content-range': `bytes ${start}-${all.length - 1}/${all.length}`, etag })
      .end(all.subarray(start));
  };
}

function otherLength(...[request, response, { content: all, etag }]: Parameters<Answer>): void {
  const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
  response
    .writeHead(206, { 'content-range': `bytes ${start}-${all.length}/${all.length + 1}`, etag })
    .end(Buffer.concat([all.subarray(start), Buffer.alloc(1)]));
}

/** Sends a body that is longer than its stated length. */
function shorter(...[, response]: Parameters<Answer>): void {
  response.writeHead(200, { 'content-length': 1000 }).end(content.subarray(0, 1000));
}

function claims(bytes: number): Answer {
  return (_request, response) => response.writeHead(200, { 'content-length': bytes }).flushHeaders();
}

function wrongBytes(...[, response]: Parameters<Answer>): void {
  response.writeHead(200, { 'content-length': content.length }).end(modelBytes(300_000, 3));
}

function page(...[, response]: Parameters<Answer>): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in to this network</title>');
}

function endless(...[, response]: Parameters<Answer>): void {
  const send = (): void => {
    if (!response.destroyed) response.write(content, () => setImmediate(send));
  };
  response.writeHead(200);
  send();
}
