import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SequenceTable } from '../../../sidecar/engine/sequenceTable.ts';
import { Turns } from '../../../sidecar/engine/turns.ts';

const never = new AbortController().signal;
const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resolves with the result of `work`. Rejects if it does not come within eight cycles of the event loop. */
async function soon<Result>(work: Promise<Result>): Promise<Result> {
  const late = Array.from({ length: 8 }).reduce<Promise<void>>((before) => before.then(nextCycle), Promise.resolve());
  return Promise.race([work, late.then(() => Promise.reject(new Error('It still waits.')))]);
}

describe('SequenceTable', () => {
  const table = (size: number): SequenceTable<string> =>
    new SequenceTable(
      Array.from({ length: size }, (_, index) => `s${index}`),
      new Turns(),
    );

  test('gives a name the sequence that it had', async () => {
    const sequences = table(3);
    const first = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    assert.equal(first.isWarm, false);
    first.release();
    const again = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    assert.equal(again.isWarm, true);
    assert.equal(again.sequence, first.sequence);
  });

  test('takes the least recently used slot for a new name', async () => {
    const sequences = table(2);
    for (const name of ['a', 'b', 'a']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    (await sequences.acquire({ name: 'c', priority: 'completion' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['a', 'c']);
  });

  test('reserves the last free slot for completions, however many chats run', async () => {
    const sequences = table(3);
    await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    await sequences.acquire({ name: 'chat:2', priority: 'chat' }, never);
    const third = sequences.acquire({ name: 'chat:3', priority: 'chat' }, never);
    const completion = await sequences.acquire({ name: 'completion', priority: 'completion' }, never);
    let ran = false;
    const noted = third.then(() => (ran = true));
    await nextCycle();
    assert.equal(ran, false);
    completion.release();
    await nextCycle();
    assert.equal(ran, false);
    assert.equal(sequences.names().length, 3);
    void noted.catch(() => undefined);
  });

  test('refuses the last free slot even to the chat that had it before', async () => {
    const sequences = table(2);
    for (const name of ['chat:1', 'chat:2']) (await sequences.acquire({ name, priority: 'chat' }, never)).release();
    const first = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    const second = sequences.acquire({ name: 'chat:2', priority: 'chat' }, never);
    const completion = await Promise.race([
      sequences.acquire({ name: 'completion', priority: 'completion' }, never),
      nextCycle(),
    ]);
    assert.ok(completion, 'the completion waited');
    first.release();
    completion.release();
    assert.equal((await second).isWarm, false, 'the completion took its slot meanwhile');
  });

  test('gives a chat its own sequence as soon as another chat ends', async () => {
    const sequences = table(2);
    for (const name of ['chat:1', 'chat:2']) (await sequences.acquire({ name, priority: 'chat' }, never)).release();
    const first = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    const second = sequences.acquire({ name: 'chat:2', priority: 'chat' }, never);
    first.release();
    assert.equal((await second).isWarm, true);
  });

  test('runs requests of one name one after another, in order', async () => {
    const sequences = table(3);
    const log: number[] = [];
    const run = async (number: number): Promise<void> => {
      const lease = await sequences.acquire({ name: 'completion', priority: 'completion' }, never);
      log.push(number);
      await nextCycle();
      log.push(number);
      lease.release();
    };
    await Promise.all([run(1), run(2), run(3)]);
    assert.deepEqual(log, [1, 1, 2, 2, 3, 3]);
  });

  test('rejects a waiter that is aborted', async () => {
    const sequences = table(2);
    await sequences.acquire({ name: 'x', priority: 'completion' }, never);
    const abort = new AbortController();
    const waiting = sequences.acquire({ name: 'x', priority: 'completion' }, abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
  });

  test('gives a request with a sibling a slot without a name, and otherwise the slot of its sibling', async () => {
    const sequences = table(3);
    for (const name of ['window', 'chat']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    const next = { name: 'window:next', priority: 'background', sibling: 'window' } as const;
    const first = await sequences.acquire(next, never);
    assert.deepEqual([first.name, first.isWarm], ['window:next', false]);
    first.release();
    assert.equal((await sequences.acquire({ name: 'chat', priority: 'chat' }, never)).isWarm, true);
    const full = table(2);
    for (const name of ['chat', 'window']) (await full.acquire({ name, priority: 'completion' }, never)).release();
    const second = await full.acquire(next, never);
    assert.deepEqual([second.name, second.isWarm], ['window', true]);
  });

  test('takes a slot that was read ahead beside its sibling first, however recently it was used', async () => {
    const sequences = table(3);
    for (const name of ['chat', 'window']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    (await sequences.acquire({ name: 'window:next', priority: 'background', sibling: 'window' }, never)).release();
    (await sequences.acquire({ name: 'other chat', priority: 'chat' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'other chat', 'window']);
  });

  test('makes a slot expendable when its user goes on to a sibling, and then takes it first', async () => {
    const goBack = async (sequences: SequenceTable<string>): Promise<void> => {
      for (const name of ['window', 'chat'])
        (await sequences.acquire({ name, priority: 'completion' }, never)).release();
      (await sequences.acquire({ name: 'window:2', priority: 'completion', sibling: 'window' }, never)).release();
    };
    const newcomers = [
      { name: 'other', priority: 'chat' },
      { name: 'window:3', priority: 'background', sibling: 'window:2' },
      { name: 'other:2', priority: 'background', sibling: 'chat' },
    ] as const;
    for (const newcomer of newcomers) {
      const sequences = table(3);
      await goBack(sequences);
      assert.equal((await sequences.acquire(newcomer, never)).name, newcomer.name);
      assert.deepEqual([...sequences.names()].sort(), ['chat', newcomer.name, 'window:2'].sort());
    }
    const sequences = table(3);
    await goBack(sequences);
    (await sequences.acquire({ name: 'window', priority: 'completion', sibling: 'window:2' }, never)).release();
    (await sequences.acquire({ name: 'other', priority: 'chat' }, never)).release();
    assert.deepEqual(
      [...sequences.names()].sort(),
      ['chat', 'other', 'window'],
      'the user went back to the first and left the second',
    );
  });

  test('gives an expendable request a slot only if no other name loses one, and otherwise cancels it', async () => {
    const askExpendable = (sequences: SequenceTable<string>, name: string): Promise<string> => {
      const ending = new AbortController();
      const cancel = (): void => ending.abort(new Error('no slot'));
      return sequences
        .acquire({ name, priority: 'background', sibling: 'window', isExpendable: true, cancel }, ending.signal)
        .then(
          (lease) => {
            lease.release();
            return lease.name;
          },
          (error: unknown) => (error as Error).message,
        );
    };
    const sequences = table(3);
    for (const name of ['window', 'chat']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    assert.equal(await askExpendable(sequences, 'looked at'), 'looked at');
    assert.equal(await askExpendable(sequences, 'looked at'), 'looked at', 'it has a slot');
    assert.equal(await askExpendable(sequences, 'then another'), 'then another', 'in the slot of the previous one');
    (await sequences.acquire({ name: 'window:2', priority: 'background', sibling: 'window' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'window', 'window:2']);
    assert.equal(await askExpendable(sequences, 'looked at'), 'no slot');
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'window', 'window:2']);
  });

  /** A background request that ends as soon as it is cancelled. */
  async function inBackground(sequences: SequenceTable<string>, name: string, ended: string[]): Promise<void> {
    const cancel = (): void => {
      ended.push(name);
      setImmediate(() => lease.release());
    };
    const lease = await sequences.acquire({ name, priority: 'background', cancel }, never);
  }

  test('cancels a background request for a chat that finds only the slot reserved for completions', async () => {
    const sequences = table(2);
    const ended: string[] = [];
    await inBackground(sequences, 'window:next', ended);
    const chat = await soon(sequences.acquire({ name: 'chat', priority: 'chat' }, never));
    assert.deepEqual(ended, ['window:next']);
    assert.ok(
      await soon(sequences.acquire({ name: 'completion', priority: 'completion' }, never)),
      'the last slot is free for it',
    );
    chat.release();
  });

  test('cancels a background request for a completion that needs its slot, or that has its name', async () => {
    const sequences = table(2);
    const ended: string[] = [];
    await inBackground(sequences, 'other', ended);
    const window = await sequences.acquire({ name: 'window', priority: 'completion' }, never);
    (await soon(sequences.acquire({ name: 'third', priority: 'completion' }, never))).release();
    assert.deepEqual(ended, ['other']);
    window.release();
    await inBackground(sequences, 'third', ended);
    assert.equal((await soon(sequences.acquire({ name: 'third', priority: 'completion' }, never))).isWarm, true);
    assert.deepEqual(ended, ['other', 'third']);
  });

  test('cancels a background request whose slot a completion shares as its sibling', async () => {
    const sequences = table(2);
    const ended: string[] = [];
    (await sequences.acquire({ name: 'chat', priority: 'chat' }, never)).release();
    await inBackground(sequences, 'window', ended);
    assert.equal(
      (await soon(sequences.acquire({ name: 'window:2', priority: 'completion', sibling: 'window' }, never))).name,
      'window',
    );
    assert.deepEqual([ended, [...sequences.names()].sort()], [['window'], ['chat', 'window']]);
  });

  test('cancels an expendable waiter when another name takes its slot', async () => {
    const sequences = table(2);
    const window = await sequences.acquire({ name: 'window', priority: 'completion' }, never);
    const ending = new AbortController();
    const expendable = sequences.acquire(
      {
        name: 'looked at',
        priority: 'background',
        isExpendable: true,
        cancel: () => ending.abort(new Error('no slot')),
      },
      ending.signal,
    );
    await sequences.acquire({ name: 'other', priority: 'completion' }, never);
    window.release();
    await assert.rejects(soon(expendable), /no slot/);
  });

  test('cancels no more background requests than needed, the least recently used first, and none for another one', async () => {
    const sequences = table(3);
    const ended: string[] = [];
    for (const name of ['a', 'b']) await inBackground(sequences, name, ended);
    const waiting = sequences.acquire({ name: 'c', priority: 'background' }, never);
    await nextCycle();
    assert.deepEqual(ended, []);
    await soon(sequences.acquire({ name: 'chat', priority: 'chat' }, never));
    assert.deepEqual(ended, ['a']);
    void waiting.catch(() => undefined);
  });

  test('takes a slot that ran out of memory only if no other is free, and then tries it again', async () => {
    const sequences = table(3);
    for (const name of ['a', 'b']) (await sequences.acquire({ name, priority: 'chat' }, never)).release();
    const broken = await sequences.acquire({ name: 'c', priority: 'chat' }, never);
    sequences.forget('c', { inUse: true, ranOutOfMemory: true });
    broken.release();
    // No name loses its slot to a background request that can share its sibling's.
    const shared = await sequences.acquire({ name: 'a:next', priority: 'background', sibling: 'a' }, never);
    assert.equal(shared.name, 'a');
    shared.release();
    const held = [];
    for (const name of ['d', 'e', 'f']) held.push(await sequences.acquire({ name, priority: 'completion' }, never));
    assert.deepEqual(
      held.map(({ sequence }) => sequence === broken.sequence),
      [false, false, true],
    );
    for (const lease of held) lease.release();
    assert.equal((await sequences.acquire({ name: 'f', priority: 'chat' }, never)).isWarm, true);
  });

  test('forgets a name only while no request leases its slot', async () => {
    const sequences = table(2);
    const lease = await sequences.acquire({ name: 'x', priority: 'chat' }, never);
    sequences.forget('x');
    assert.deepEqual(sequences.names(), ['x']);
    lease.release();
    sequences.forget('x');
    assert.deepEqual(sequences.names(), []);
  });
});
