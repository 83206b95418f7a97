import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChunkSizer } from '../../../sidecar/engine/chunkSizer.ts';
import { BackOff } from '../../../sidecar/common/childProcess/backOff.ts';
import { OutputTail } from '../../../sidecar/common/childProcess/outputTail.ts';
import { SequenceTable } from '../../../sidecar/engine/sequenceTable.ts';
import { Turns } from '../../../sidecar/engine/turns.ts';
import type { Priority } from '../../../sidecar/protocol/engine.ts';

const never = new AbortController().signal;
const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What comes at once, or an error. */
async function soon<Result>(work: Promise<Result>): Promise<Result> {
  const late = Array.from({ length: 8 }).reduce<Promise<void>>((before) => before.then(nextCycle), Promise.resolve());
  return Promise.race([work, late.then(() => Promise.reject(new Error('It still waits.')))]);
}

describe('turns', () => {
  /** Takes `steps` turns, each a cycle of the event loop long, writing its name at each. */
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

  test('a completion preempts a chat between two steps, and the chat goes on after it', async () => {
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

  test('requests of one priority alternate', async () => {
    const turns = new Turns();
    const log: string[] = [];
    await Promise.all([work(turns, 'a', 'chat', 3, log), work(turns, 'b', 'chat', 3, log)]);
    assert.deepEqual(log, ['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('an aborted request leaves the queue at once', async () => {
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

  test('a step that fails gives the turn on', async () => {
    const turns = new Turns();
    const ticket = turns.enter('chat');
    await assert.rejects(
      turns.run(ticket, never, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await turns.run(ticket, never, async () => 'ran'), 'ran');
  });
});

describe('a sequence table', () => {
  const table = (size: number): SequenceTable<string> =>
    new SequenceTable(
      Array.from({ length: size }, (_, index) => `s${index}`),
      new Turns(),
    );

  test('gives a name the sequence it had', async () => {
    const sequences = table(3);
    const first = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    assert.equal(first.isWarm, false);
    first.release();
    const again = await sequences.acquire({ name: 'chat:1', priority: 'chat' }, never);
    assert.equal(again.isWarm, true);
    assert.equal(again.sequence, first.sequence);
  });

  test('takes the least recently used place for a new name', async () => {
    const sequences = table(2);
    for (const name of ['a', 'b', 'a']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    (await sequences.acquire({ name: 'c', priority: 'completion' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['a', 'c']);
  });

  test('keeps the last place for completions, however many chats run', async () => {
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

  test('keeps the last place even from the chat that had it before', async () => {
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
    assert.equal((await second).isWarm, false, 'the completion took its place meanwhile');
  });

  test('gives a chat its own sequence as soon as another chat is done', async () => {
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

  test('an aborted request stops waiting', async () => {
    const sequences = table(2);
    await sequences.acquire({ name: 'x', priority: 'completion' }, never);
    const abort = new AbortController();
    const waiting = sequences.acquire({ name: 'x', priority: 'completion' }, abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
  });

  test("gives a name beside another a place that nobody has, and else the other's", async () => {
    const sequences = table(3);
    for (const name of ['window', 'chat']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    const beside = { name: 'window:next', priority: 'background', beside: 'window' } as const;
    const first = await sequences.acquire(beside, never);
    assert.deepEqual([first.name, first.isWarm], ['window:next', false]);
    first.release();
    assert.equal((await sequences.acquire({ name: 'chat', priority: 'chat' }, never)).isWarm, true);
    const full = table(2);
    for (const name of ['chat', 'window']) (await full.acquire({ name, priority: 'completion' }, never)).release();
    const second = await full.acquire(beside, never);
    assert.deepEqual([second.name, second.isWarm], ['window', true]);
  });

  test('takes the place beside another first, however lately it was used', async () => {
    const sequences = table(3);
    for (const name of ['chat', 'window']) (await sequences.acquire({ name, priority: 'completion' }, never)).release();
    (await sequences.acquire({ name: 'window:next', priority: 'background', beside: 'window' }, never)).release();
    (await sequences.acquire({ name: 'other chat', priority: 'chat' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'other chat', 'window']);
  });

  test('makes spare what somebody waits for another beside: it is the first to go, also for what is beside another', async () => {
    const goBack = async (sequences: SequenceTable<string>): Promise<void> => {
      for (const name of ['window', 'chat'])
        (await sequences.acquire({ name, priority: 'completion' }, never)).release();
      (await sequences.acquire({ name: 'window:2', priority: 'completion', beside: 'window' }, never)).release();
    };
    const newcomers = [
      { name: 'other', priority: 'chat' },
      { name: 'window:3', priority: 'background', beside: 'window:2' },
      { name: 'other:2', priority: 'background', beside: 'chat' },
    ] as const;
    for (const newcomer of newcomers) {
      const sequences = table(3);
      await goBack(sequences);
      assert.equal((await sequences.acquire(newcomer, never)).name, newcomer.name);
      assert.deepEqual([...sequences.names()].sort(), ['chat', newcomer.name, 'window:2'].sort());
    }
    const sequences = table(3);
    await goBack(sequences);
    (await sequences.acquire({ name: 'window', priority: 'completion', beside: 'window:2' }, never)).release();
    (await sequences.acquire({ name: 'other', priority: 'chat' }, never)).release();
    assert.deepEqual(
      [...sequences.names()].sort(),
      ['chat', 'other', 'window'],
      'who went back to the first has left the second',
    );
  });

  test('gives a spare name a place only where nobody loses one, and else ends its request; others take it first', async () => {
    const spare = (sequences: SequenceTable<string>, name: string): Promise<string> => {
      const ending = new AbortController();
      const giveWay = (): void => ending.abort(new Error('no place'));
      return sequences
        .acquire({ name, priority: 'background', beside: 'window', isSpare: true, giveWay }, ending.signal)
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
    assert.equal(await spare(sequences, 'looked at'), 'looked at');
    assert.equal(await spare(sequences, 'looked at'), 'looked at', 'it has one');
    assert.equal(await spare(sequences, 'then another'), 'then another', 'in the place of the one before');
    (await sequences.acquire({ name: 'window:2', priority: 'background', beside: 'window' }, never)).release();
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'window', 'window:2']);
    assert.equal(await spare(sequences, 'looked at'), 'no place');
    assert.deepEqual([...sequences.names()].sort(), ['chat', 'window', 'window:2']);
  });

  /** A request that nobody waits for, and ends as soon as it is asked to. */
  async function inBackground(sequences: SequenceTable<string>, name: string, ended: string[]): Promise<void> {
    const giveWay = (): void => {
      ended.push(name);
      setImmediate(() => lease.release());
    };
    const lease = await sequences.acquire({ name, priority: 'background', giveWay }, never);
  }

  test('ends what nobody waits for where a chat finds only the place that is kept for completions', async () => {
    const sequences = table(2);
    const ended: string[] = [];
    await inBackground(sequences, 'window:next', ended);
    const chat = await soon(sequences.acquire({ name: 'chat', priority: 'chat' }, never));
    assert.deepEqual(ended, ['window:next']);
    assert.ok(
      await soon(sequences.acquire({ name: 'completion', priority: 'completion' }, never)),
      'the last place is free for it',
    );
    chat.release();
  });

  test('ends it for a completion that would wait for its place, or for its sequence', async () => {
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

  test('ends it where what somebody waits for beside it finds no place but its own', async () => {
    const sequences = table(2);
    const ended: string[] = [];
    (await sequences.acquire({ name: 'chat', priority: 'chat' }, never)).release();
    await inBackground(sequences, 'window', ended);
    assert.equal(
      (await soon(sequences.acquire({ name: 'window:2', priority: 'completion', beside: 'window' }, never))).name,
      'window',
    );
    assert.deepEqual([ended, [...sequences.names()].sort()], [['window'], ['chat', 'window']]);
  });

  test('ends a spare request that waits when its place has gone to another', async () => {
    const sequences = table(2);
    const window = await sequences.acquire({ name: 'window', priority: 'completion' }, never);
    const ending = new AbortController();
    const spare = sequences.acquire(
      { name: 'looked at', priority: 'background', isSpare: true, giveWay: () => ending.abort(new Error('no place')) },
      ending.signal,
    );
    await sequences.acquire({ name: 'other', priority: 'completion' }, never);
    window.release();
    await assert.rejects(soon(spare), /no place/);
  });

  test('ends no more than a request needs, the least recently used first, and nothing for others that nobody waits for', async () => {
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

  test('takes a place whose sequence found no memory only where no other is free, and then tries it again', async () => {
    const sequences = table(3);
    for (const name of ['a', 'b']) (await sequences.acquire({ name, priority: 'chat' }, never)).release();
    const broken = await sequences.acquire({ name: 'c', priority: 'chat' }, never);
    sequences.forget('c', { inUse: true, lacksMemory: true });
    broken.release();
    // Nobody loses a place to what is read beside.
    const beside = await sequences.acquire({ name: 'a:next', priority: 'background', beside: 'a' }, never);
    assert.equal(beside.name, 'a');
    beside.release();
    const held = [];
    for (const name of ['d', 'e', 'f']) held.push(await sequences.acquire({ name, priority: 'completion' }, never));
    assert.deepEqual(
      held.map(({ sequence }) => sequence === broken.sequence),
      [false, false, true],
    );
    for (const lease of held) lease.release();
    assert.equal((await sequences.acquire({ name: 'f', priority: 'chat' }, never)).isWarm, true);
  });

  test('forgets a name only while no request has it', async () => {
    const sequences = table(2);
    const lease = await sequences.acquire({ name: 'x', priority: 'chat' }, never);
    sequences.forget('x');
    assert.deepEqual(sequences.names(), ['x']);
    lease.release();
    sequences.forget('x');
    assert.deepEqual(sequences.names(), []);
  });
});

describe('chunk sizes', () => {
  const sizer = (): ChunkSizer => new ChunkSizer({ targetMs: 50, minTokens: 4, maxTokens: 512, priorSlope: 4e-4 });

  test('follow the measured cost, down and up', () => {
    const chunks = sizer();
    chunks.record(32, 0, 32 * 2);
    assert.equal(chunks.next(0), 24);
    for (let round = 0; round < 20; round++) chunks.record(16, 0, 16 * 0.2);
    assert.equal(chunks.next(0), 192);
  });

  test('shrink with depth before anything was measured there', () => {
    const chunks = sizer();
    for (let depth = 0; depth < 256; depth += 32) chunks.record(32, depth, 32 * 1.2);
    assert.equal(chunks.next(0), 32);
    assert.ok(chunks.next(6000) <= 16, `${chunks.next(6000)} tokens at depth 6000`);
  });

  test('learn how cost grows with depth', () => {
    const chunks = sizer();
    const cost = (depth: number): number => 1 + depth / 1000;
    for (let round = 0; round < 3; round++)
      for (let depth = 0; depth <= 4000; depth += 200) chunks.record(16, depth, 16 * cost(depth + 8));
    for (const depth of [0, 2000, 4000]) {
      const expected = cost(depth);
      const learnt = chunks.costPerTokenMs(depth)!;
      assert.ok(Math.abs(learnt - expected) < 0.1 * expected, `depth ${depth}: ${learnt} ms, expected ${expected}`);
    }
  });

  test("take the cost to grow with depth as the network's shape says, while all measurements are of one depth", () => {
    const chunks = sizer();
    chunks.record(16, 992, 16 * 2);
    for (const depth of [0, 1000, 6000])
      assert.equal(chunks.costPerTokenMs(depth), 2 + (2 / (1 + 4e-4 * 1000)) * 4e-4 * (depth - 1000));
  });

  test("believe measurements up to four times and down to a quarter of the growth that the network's shape says", () => {
    for (const [cost, factor] of [
      [(depth: number): number => (depth - 1990) / 50, 4],
      [(depth: number): number => 100 - depth / 100, 1 / 4],
    ] as const) {
      const chunks = sizer();
      for (let round = 0; round < 30; round++)
        for (const depth of [1992, 3992]) chunks.record(16, depth, 16 * cost(depth + 8));
      const [near, far] = [4000, 8000].map((depth) => chunks.costPerTokenMs(depth) as number) as [number, number];
      // Older measurements count for less, the mean is where the weights are.
      const [older, newer] = [0.8 / 1.8, 1 / 1.8];
      const [meanDepth, meanCost] = [2000 * older + 4000 * newer, cost(2000) * older + cost(4000) * newer];
      const prior = (meanCost / (1 + 4e-4 * meanDepth)) * 4e-4;
      const slope = (far - near) / 4000;
      assert.ok(
        Math.abs(slope / prior - factor) < 0.01,
        `the cost grows by ${slope} a token, ${slope / prior} times ${prior}, expected ${factor} times`,
      );
    }
  });

  test('weigh measurements by how far their depths lie apart', () => {
    const chunks = sizer();
    // Depths of 2,000 ± 256 deviate as much as counts half.
    const weights = [0.8 / 1.8, 1 / 1.8] as const;
    const apart = 256 / Math.sqrt(weights[0] * weights[1]);
    const cost = (depth: number): number => 1 + depth / 1000;
    for (let round = 0; round < 60; round++)
      for (const depth of [2000, 2000 + apart]) chunks.record(16, depth - 8, 16 * cost(depth));
    const [meanDepth, meanCost] = [
      2000 + apart * weights[1],
      cost(2000) * weights[0] + cost(2000 + apart) * weights[1],
    ];
    const prior = (meanCost / (1 + 4e-4 * meanDepth)) * 4e-4;
    const slope = ((chunks.costPerTokenMs(3000) as number) - (chunks.costPerTokenMs(2000) as number)) / 1000;
    assert.ok(Math.abs(slope - (prior + 1e-3) / 2) < 1e-6, `${slope}, expected the middle of ${prior} and 0.001`);
  });

  test('never expect less than a sixteenth of the mean cost', () => {
    const chunks = sizer();
    chunks.record(16, 1e6 - 8, 16 * 32);
    assert.equal(chunks.costPerTokenMs(0), 2);
  });

  test('stay between the least and the batch', () => {
    const chunks = sizer();
    chunks.record(32, 0, 32 * 1000);
    assert.equal(chunks.next(0), 4);
    for (let round = 0; round < 40; round++) chunks.record(32, 0, 0.01);
    assert.equal(chunks.next(0), 512);
  });
});

describe('the delay before an engine is started again', () => {
  test('is 0, 1, 2, 4 … 30 s, and 0 again after a time of health', () => {
    let now = 0;
    const backOff = new BackOff(() => now);
    const delays = [backOff.delayMs];
    for (let crash = 0; crash < 8; crash++) {
      backOff.started();
      now += 10;
      backOff.failed();
      delays.push(backOff.delayMs);
    }
    assert.deepEqual(delays, [0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backOff.started();
    now += 60_000;
    backOff.failed();
    assert.equal(backOff.delayMs, 0);
  });
});

describe('the tail of an output', () => {
  test('keeps the last lines, joined over pieces, and bounds long ones', () => {
    const tail = new OutputTail();
    tail.push('first\nsec');
    tail.push('ond\nunfinished');
    assert.equal(tail.text, 'first\nsecond\nunfinished');
    for (let line = 0; line < 100; line++) tail.push(`line ${line}\n`);
    assert.equal(tail.text.split('\n').length, 40);
    assert.match(tail.text, /line 99$/);
    tail.push(`${'x'.repeat(10_000)}\n`);
    assert.ok(tail.text.split('\n').at(-1)!.length <= 400);
  });
});
