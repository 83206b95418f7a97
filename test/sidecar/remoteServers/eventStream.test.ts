import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEvents } from '../../../sidecar/remoteServers/eventStream.ts';

/** A body that repeats this chunk without end, and counts the chunks that were read. */
function endless(part: Uint8Array): { readonly body: AsyncIterable<Uint8Array>; readonly taken: () => number } {
  let taken = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (; ; taken++) yield part;
  }
  return { body: body(), taken: () => taken };
}

async function eventsOf(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const events: string[] = [];
  for await (const event of readEvents(body, { idleTimeoutMs: 600_000 })) events.push(event);
  return events;
}

describe('readEvents', () => {
  it('decodes characters that are split between chunks', async () => {
    const bytes = Buffer.from('data: añ漢b\n\n');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    assert.deepEqual(await eventsOf(body()), ['añ漢b']);
  });

  it('gives up at an endless event', async () => {
    const { body, taken } = endless(Buffer.from(`data: ${'x'.repeat(250_000)}`));
    await assert.rejects(eventsOf(body), /An event has more than 1048576 characters/);
    assert.ok(taken() <= 5, `${taken()} parts`);
  });

  it('gives up at an endless stream', async () => {
    const { body, taken } = endless(Buffer.from(`: ${'x'.repeat(997)}\n`.repeat(1_000)));
    await assert.rejects(eventsOf(body), /The answer has more than 67108864 bytes/);
    assert.ok(taken() <= 67, `${taken()} parts`);
  });

  it('leaves room for other work if the whole stream has already arrived', async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let part = 0; part < 100; part++) yield Buffer.from(`data: ${part}\n\n`);
    }
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const events: string[] = [];
    for await (const event of readEvents(body(), { idleTimeoutMs: 60_000 })) events.push(event);
    isOver = true;
    assert.deepEqual(
      events,
      Array.from({ length: 100 }, (_, part) => String(part)),
    );
    assert.ok(turns >= 100, `${turns} turns of the event loop`);
  });
});
