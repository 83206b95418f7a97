import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEvents } from '../../../sidecar/remoteServers/eventStream.ts';

/** A body of parts like this one, without end; it tells how many were taken. */
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

describe('a stream of events', () => {
  it('is its text, whatever characters its parts cut', async () => {
    const bytes = Buffer.from('data: añ漢b\n\n');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    assert.deepEqual(await eventsOf(body()), ['añ漢b']);
  });

  it('is given up where one event has no end', async () => {
    const { body, taken } = endless(Buffer.from(`data: ${'x'.repeat(250_000)}`));
    await assert.rejects(eventsOf(body), /An event has more than 1048576 characters/);
    assert.ok(taken() <= 5, `${taken()} parts`);
  });

  it('is given up where it has no end', async () => {
    const { body, taken } = endless(Buffer.from(`: ${'x'.repeat(997)}\n`.repeat(1_000)));
    await assert.rejects(eventsOf(body), /The answer has more than 67108864 bytes/);
    assert.ok(taken() <= 67, `${taken()} parts`);
  });

  it('that is there already leaves room for other work', async () => {
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
