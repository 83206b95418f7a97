import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEvents } from '../../../sidecar/servers/eventStream.ts';

describe('a stream of events', () => {
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
    assert.deepEqual(events, Array.from({ length: 100 }, (_, part) => String(part)));
    assert.ok(turns >= 100, `${turns} turns of the event loop`);
  });
});
