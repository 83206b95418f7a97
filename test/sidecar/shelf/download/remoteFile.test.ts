import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpResponse } from '../../../../sidecar/common/http/httpClient.ts';
import { remoteFile } from '../../../../sidecar/shelf/download/remoteFile.ts';

const URL = 'https://models.example/model.gguf';

function described(status: number, headers: Record<string, string>): ReturnType<typeof remoteFile> {
  const response = { status, headers: new Headers(headers), firstHeaders: new Headers(), url: URL };
  return remoteFile(URL, response as unknown as HttpResponse);
}

describe('a file that a server describes', () => {
  it('has the offset and the size of a range up to its end', () => {
    const { offset, totalBytes } = described(206, { 'content-range': 'bytes 5-9/10' }) ?? {};
    assert.deepEqual([offset, totalBytes], [5, 10]);
  });

  for (const [what, range] of [
    ['ends before the file', 'bytes 5-8/10'],
    ['ends behind the file', 'bytes 5-10/10'],
    ['begins behind its end', 'bytes 10-9/10'],
    ['has no size', 'bytes 5-9/*'],
  ] as const)
    it(`is unknown if the range ${what}`, () => {
      assert.equal(described(206, { 'content-range': range }), undefined);
    });

  it('is unknown if the body is compressed', () => {
    assert.equal(described(200, { 'content-encoding': 'gzip', 'content-length': '10' }), undefined);
    assert.equal(described(200, { 'content-encoding': 'identity', 'content-length': '10' })?.totalBytes, 10);
  });

  it('is identified by a strong ETag, or else by the date of its last change', () => {
    const date = 'Wed, 02 Dec 2026 10:00:00 GMT';
    assert.equal(described(200, { etag: '"a"', 'last-modified': date })?.validator, '"a"');
    assert.equal(described(200, { 'last-modified': date })?.validator, date);
    assert.equal(described(200, { etag: 'W/"a"', 'last-modified': date })?.validator, undefined);
  });
});
