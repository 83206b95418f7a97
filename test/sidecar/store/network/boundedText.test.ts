import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readBoundedText, TooLargeError } from '../../../../sidecar/store/network/boundedText.ts';
import { LateError } from '../../../../sidecar/store/network/within.ts';

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('a body that is read within bounds', () => {
  it('is its text, whatever characters its parts cut', async () => {
    const bytes = Buffer.from('añb');
    const cut = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 2);
      yield bytes.subarray(2);
    };
    assert.equal(await readBoundedText(cut(), { maxBytes: 4, limitMs: 10_000 }), 'añb');
  });

  it('is given up where it is longer, and its source ends', async () => {
    let isClosed = false;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* parts('abc', 'def', 'ghi');
      } finally {
        isClosed = true;
      }
    };
    await assert.rejects(readBoundedText(body(), { maxBytes: 5, limitMs: 10_000 }), TooLargeError);
    assert.ok(isClosed);
  });

  it('is given up where it does not come', async () => {
    const never: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
    await assert.rejects(readBoundedText(never, { maxBytes: 5, limitMs: 1 }), LateError);
  });
});
