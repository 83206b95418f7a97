import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBoundedText, TooLargeError } from '../../../../sidecar/common/http/boundedText.ts';
import { TimeoutError } from 'p-timeout';

/** A body of these parts, which then ends or waits forever. `isCancelled` tells whether it was cancelled. */
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

describe('readBoundedText', () => {
  it('decodes a character that two parts share', async () => {
    const bytes = Buffer.from('añb');
    assert.equal(
      await readBoundedText(bodyOf([bytes.subarray(0, 2), bytes.subarray(2)], { ends: true }).body, {
        maxBytes: 4,
        limitMs: 10_000,
      }),
      'añb',
    );
  });

  it('cancels a body that is too long', async () => {
    const { body, isCancelled } = bodyOf(
      ['abc', 'def', 'ghi'].map((text) => Buffer.from(text)),
      { ends: false },
    );
    await assert.rejects(readBoundedText(body, { maxBytes: 5, limitMs: 10_000 }), TooLargeError);
    assert.ok(isCancelled());
  });

  it('stops at the time limit while small parts keep coming', async () => {
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

  it('cancels a body that does not come in time', async () => {
    const { body, isCancelled } = bodyOf([Buffer.from('abc')], { ends: false });
    await assert.rejects(readBoundedText(body, { maxBytes: 5, limitMs: 1 }), TimeoutError);
    assert.ok(isCancelled());
  });
});
