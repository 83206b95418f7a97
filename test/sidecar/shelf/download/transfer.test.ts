import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { HttpClient, HttpRequest } from '../../../../sidecar/common/http/httpClient.ts';
import { PartialFile } from '../../../../sidecar/shelf/download/partialFile.ts';
import { type ExpectedFile, transfer } from '../../../../sidecar/shelf/download/transfer.ts';

const URL = 'https://models.example/model.gguf';
const SUM = 'a'.repeat(64);

describe('a transfer', () => {
  let folder: string;
  let requests: HttpRequest[];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-transfer-'));
    requests = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Transfers a file from a server that answers with a body and headers. */
  async function transferred(
    partial: PartialFile,
    answer: { readonly body: string; readonly headers?: Record<string, string> },
    expected: ExpectedFile = { sizeBytes: 4 },
  ): Promise<void> {
    const headers = new Headers(answer.headers);
    const get = async (_url: string, request: HttpRequest = {}) => {
      requests.push(request);
      return { status: 200, headers, firstHeaders: headers, url: URL, body: Readable.from([Buffer.from(answer.body)]) };
    };
    await transfer({
      client: { get } as unknown as HttpClient,
      url: URL,
      partial,
      expected,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
  }
  const opened = (): Promise<PartialFile> => PartialFile.open(path.join(folder, 'model.gguf'));

  it('breaks off if the body ends before the length that the server gave', async () => {
    await assert.rejects(transferred(await opened(), { body: 'abc', headers: { 'content-length': '4' } }), {
      message: /ended after 3 of 4 bytes/,
    });
  });

  it('is refused if the server has a file with another checksum, before its bytes are read', async () => {
    const partial = await opened();
    const answer = { body: 'abcd', headers: { 'content-length': '4', 'x-linked-etag': `"${'b'.repeat(64)}"` } };
    await assert.rejects(transferred(partial, answer, { sizeBytes: 4, sha256: SUM }), {
      message: new RegExp(`is a file with the checksum b+, expected ${SUM}`),
    });
    assert.equal(partial.receivedBytes, 0);
  });

  for (const [what, url, range] of [
    ['of the same place', URL, 'bytes=2-'],
    ['of another place, from the beginning', 'https://elsewhere.example/model.gguf', undefined],
  ] as const)
    it(`continues the bytes ${what}`, async () => {
      const partial = await opened();
      await partial.begin({ url, validator: '"a"', totalBytes: 4 });
      await partial.append(Buffer.from('ab'));
      await transferred(partial, { body: 'abcd', headers: { 'content-length': '4' } });
      assert.equal(requests[0]?.headers?.['range'], range);
      assert.equal(partial.receivedBytes, 4);
    });
});
