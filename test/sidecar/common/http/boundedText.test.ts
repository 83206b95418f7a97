import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBoundedText, TooLargeError } from '../../../../sidecar/common/http/boundedText.ts';
import { TimeoutError } from 'p-timeout';

/** A body of these parts, which then waits for ever or ends; it tells whether it was given up. */
function bodyOf(
  parts: readonly Uint8Array[],
  { ends }: { readonly ends: boolean },
): { readonly body: ReadableStream<Uint8Array>; readonly isCancelled: () => boolean } {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      if (ends) controller.close();
    },
    cancel() {
      isCancelled = true;
    },
  });
  return { body, isCancelled: () => isCancelled };
}

describe('a body that is read within bounds', () => {
  it('is its text, whatever characters its parts cut', async () => {
    const bytes = Buffer.from('añb');
    assert.equal(
      await readBoundedText(bodyOf([bytes.subarray(0, 2), bytes.subarray(2)], { ends: true }).body, {
        maxBytes: 4,
        limitMs: 10_000,
      }),
      'añb',
    );
  });

  it('is given up where it is longer, and its source ends', async () => {
    const { body, isCancelled } = bodyOf(
      ['abc', 'def', 'ghi'].map((text) => Buffer.from(text)),
      { ends: false },
    );
    await assert.rejects(readBoundedText(body, { maxBytes: 5, limitMs: 10_000 }), TooLargeError);
    assert.ok(isCancelled());
  });

  it('is given up where it comes in small parts for longer than all of it may take', async () => {
    let parts = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await sleep(20);
          if (parts++ < 500) controller.enqueue(Buffer.from('a'));
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    await assert.rejects(readBoundedText(body, { maxBytes: 1_000, limitMs: 100 }), TimeoutError);
  });

  it('is given up where it does not come, and its source ends', async () => {
    const { body, isCancelled } = bodyOf([Buffer.from('abc')], { ends: false });
    await assert.rejects(readBoundedText(body, { maxBytes: 5, limitMs: 1 }), TimeoutError);
    assert.ok(isCancelled());
  });
});
