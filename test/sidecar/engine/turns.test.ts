import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Turns } from '../../../sidecar/engine/turns.ts';
import type { Priority } from '../../../sidecar/protocol/engine.ts';

const never = new AbortController().signal;
const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  /** Takes `steps` turns, each one cycle of the event loop long, and logs its name at each. */
  async function work(turns: Turns, name: string, priority: Priority, steps: number, log: string[]): Promise<void> {
    const ticket = turns.enter(priority);
    for (let step = 0; step < steps; step++) {
      await turns.run(ticket, never, async () => {
        log.push(name);
        await nextCycle();
      });
    }
    turns.leave(ticket);
  }

  test('lets a completion preempt a chat between two steps, and continues the chat after it', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const chat = work(turns, 'chat', 'chat', 6, log);
    while (log.length < 2) await nextCycle();
    const completion = work(turns, 'completion', 'completion', 3, log);
    await Promise.all([chat, completion]);
    const first = log.indexOf('completion');
    assert.ok(first <= 3, `the completion waited ${first} steps`);
    assert.deepEqual(log.slice(first, first + 3), ['completion', 'completion', 'completion']);
    assert.equal(log.filter((name) => name === 'chat').length, 6);
  });

  test('alternates between requests of one priority', async () => {
    const turns = new Turns();
    const log: string[] = [];
    await Promise.all([work(turns, 'a', 'chat', 3, log), work(turns, 'b', 'chat', 3, log)]);
    assert.deepEqual(log, ['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('removes an aborted request from the queue at once', async () => {
    const turns = new Turns();
    const holder = turns.enter('chat');
    let finish = (): void => undefined;
    const held = turns.run(holder, never, () => new Promise<void>((resolve) => (finish = resolve)));
    const abort = new AbortController();
    const waiting = turns.run(turns.enter('chat'), abort.signal, async () => 'ran');
    abort.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    finish();
    await held;
  });

  test('gives the next turn after a step that fails', async () => {
    const turns = new Turns();
    const ticket = turns.enter('chat');
    await assert.rejects(
      turns.run(ticket, never, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await turns.run(ticket, never, async () => 'ran'), 'ran');
  });
});
