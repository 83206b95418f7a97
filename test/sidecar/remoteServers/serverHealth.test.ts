import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerUnavailableError } from '../../../sidecar/remoteServers/serverErrors.ts';
import { ServerHealth } from '../../../sidecar/remoteServers/serverHealth.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function health(): {
  health: ServerHealth;
  looks: () => number;
  advance: (ms: number) => void;
  answer: (isThere: boolean) => void;
} {
  let [nowMs, looks, isThere] = [0, 0, false];
  return {
    health: new ServerHealth({
      now: () => nowMs,
      onChange: () => undefined,
      look: async () => {
        looks++;
        if (!isThere) throw new ServerUnavailableError('away');
      },
    }),
    looks: () => looks,
    advance: (ms) => (nowMs += ms),
    answer: (value) => (isThere = value),
  };
}

describe('ServerHealth', () => {
  it('allows requests until the server fails', () => {
    const { health: server } = health();
    assert.equal(server.shouldAsk(), true);
    server.failed(new ServerUnavailableError('It sleeps.'));
    assert.equal(server.shouldAsk(), false);
    assert.equal(server.reason, 'It sleeps.');
  });

  it('checks the server after a while, twice as long each time, and keeps the reason until the server generates', async () => {
    const { health: server, looks, advance, answer } = health();
    server.failed(new ServerUnavailableError('It sleeps.'));
    for (const [pauseMs, expected] of [
      [14_999, 0],
      [1, 1],
      [29_999, 1],
      [1, 2],
      [59_999, 2],
      [1, 3],
    ] as const) {
      advance(pauseMs);
      assert.equal(server.shouldAsk(), false);
      await settled();
      assert.equal(looks(), expected);
    }
    answer(true);
    advance(300_000);
    server.shouldAsk();
    await settled();
    assert.equal(server.shouldAsk(), true);
    assert.equal(server.reason, 'It sleeps.');
    server.succeeded();
    assert.equal(server.reason, undefined);
  });

  it('waits as long as the server asks', async () => {
    const { health: server, looks, advance } = health();
    server.failed(new ServerUnavailableError('Too many.', { retryAfterMs: 90_000 }));
    advance(89_999);
    server.shouldAsk();
    await settled();
    assert.equal(looks(), 0);
    advance(1);
    server.shouldAsk();
    await settled();
    assert.equal(looks(), 1);
  });

  it('counts requests that fail together as one failure', async () => {
    const { health: server, looks, advance } = health();
    for (let request = 0; request < 5; request++) server.failed(new ServerUnavailableError('It sleeps.'));
    advance(15_000);
    server.shouldAsk();
    await settled();
    assert.equal(looks(), 1);
  });
});
