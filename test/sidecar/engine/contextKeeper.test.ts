import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendSequence, SequenceRows } from '../../../sidecar/models/backend.ts';
import { chunkNames } from '../../../sidecar/keptContexts/chunkNames.ts';
import { ContextKeeper } from '../../../sidecar/engine/contextKeeper.ts';
import { Turns } from '../../../sidecar/engine/turns.ts';
import type { ContextSet, TokenId } from '../../../sidecar/protocol/engine.ts';

const ROW_BYTES = 4;
const IDLE_MS = 50;
const never = new AbortController().signal;
const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const context = Array.from({ length: 1_100 }, (_, index) => (index * 37) % 997);

/** A sequence whose rows are its tokens as bytes. `reads` notes the rows that were read. */
class PlainSequence implements BackendSequence {
  readonly reads: number[] = [];
  readonly room = 10_000;
  held: TokenId[] = [];

  get length(): number {
    return this.held.length;
  }

  readonly rows: SequenceRows = ((sequence) => ({
    key: 'plain',
    rowBytes: ROW_BYTES,
    capacity: 10_000,
    evaluatedTokens: 1,
    stretch: 1,
    get tokens() {
      return sequence.held;
    },
    holds: (tokens: readonly TokenId[], length: number) =>
      sequence.held.length >= length && tokens.slice(0, length).every((token, index) => token === sequence.held[index]),
    read: (first: number, into: Uint8Array) => {
      sequence.reads.push(first);
      into.set(
        new Uint8Array(Uint32Array.from(sequence.held.slice(first, first + into.byteLength / ROW_BYTES)).buffer),
      );
    },
    append: (tokens: readonly TokenId[], rows: Uint8Array) => {
      assert.deepEqual(
        [...new Uint32Array(Uint8Array.from(rows).buffer)],
        [...tokens],
        'the rows are those of these tokens',
      );
      sequence.held.push(...tokens);
    },
  }))(this);

  commonPrefixLength = (): number => 0;
  truncate = async (length: number): Promise<number> => (this.held.length = Math.min(this.held.length, length));
  evaluate = async (tokens: readonly TokenId[]): Promise<void> => void this.held.push(...tokens);
  checkpoint = async (): Promise<void> => undefined;
  async *decode(): AsyncGenerator<TokenId, void, undefined> {}
}

describe('ContextKeeper', () => {
  let folder: string;
  let set: ContextSet;
  let turns: Turns;
  let lines: string[];
  let keeper: ContextKeeper;
  let sequence: PlainSequence;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-keeper-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    set = { folder: await mkdtemp(path.join(folder, 'sets-')), name: 'one', maxBytes: 1e9 };
    turns = new Turns();
    lines = [];
    sequence = new PlainSequence();
    keeper = new ContextKeeper({ turns, log: (line) => lines.push(line), idleMs: IDLE_MS });
  });
  afterEach(() => keeper.stop());

  const there = async (): Promise<number> => (await readdir(path.join(set.folder, set.name)).catch(() => [])).length;
  /** A request that has left its context in the sequence. */
  function asked(tokens: readonly TokenId[] = context): void {
    const visit = keeper.begin(set);
    keeper.use(sequence);
    sequence.held = [...tokens];
    keeper.leave(sequence, visit);
    keeper.end(visit);
  }
  const restored = (into: BackendSequence, tokens: readonly TokenId[] = context): Promise<number> =>
    keeper.restore(into, set, tokens, (step) => step());

  it('writes when the sequence has been idle for a while', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    for (let round = 0; round < 4; round++) {
      asked();
      test.mock.timers.tick(IDLE_MS - 1);
      assert.deepEqual(sequence.reads, []);
    }
    test.mock.timers.tick(1);
    test.mock.timers.reset();
    while (sequence.reads.length < 4) await nextCycle();
    await keeper.keepAll();
    assert.deepEqual(sequence.reads, [0, 256, 512, 768]);
    assert.equal(await restored(new PlainSequence()), 1_024);
  });

  it('takes no turn during a completion or a chat', async () => {
    asked();
    const chat = turns.enter('chat');
    keeper.keep(sequence);
    for (let wait = 0; wait < 20; wait++) {
      await turns.run(chat, never, nextCycle);
      await sleep(2);
    }
    assert.deepEqual(sequence.reads, []);
    turns.leave(chat);
    await keeper.keepAll();
    assert.equal(await there(), 4);
  });

  it('lets a request pass between two chunks', async () => {
    asked();
    keeper.keep(sequence);
    while (sequence.reads.length === 0) await nextCycle();
    const completion = turns.enter('completion');
    await turns.run(completion, never, nextCycle);
    const { length } = sequence.reads;
    await sleep(50);
    assert.ok(
      length < 4 && sequence.reads.length === length,
      `${sequence.reads.length} chunks were read while a completion was under way`,
    );
    turns.leave(completion);
    await keeper.keepAll();
    assert.equal(await there(), 4);
  });

  it('writes everything at once before the process ends', async () => {
    asked();
    const chat = turns.enter('chat');
    await keeper.keepAll();
    assert.equal(await there(), 4);
    turns.leave(chat);
  });

  it('reads a sequence at once for a request that takes it, and writes the rows afterwards', async () => {
    asked();
    const chat = turns.enter('chat');
    await keeper.letGo(sequence, 'chat', never);
    assert.deepEqual(sequence.reads, [0, 256, 512, 768]);
    // The request that took it does not wait for the disk.
    await turns.run(chat, never, async () => void (sequence.held = context.map((token) => token + 1)));
    turns.leave(chat);
    await keeper.keepAll();
    assert.equal(await restored(new PlainSequence()), 1_024);
  });

  it('waits for reading no longer than the request that takes the sequence, and not without a context', async () => {
    await keeper.letGo(sequence, 'completion', never);
    asked();
    await keeper.letGo(sequence, 'completion', AbortSignal.abort());
    assert.deepEqual(sequence.reads, []);
  });

  it('takes no turn from others when a background request takes the sequence', async () => {
    asked();
    const completion = turns.enter('completion');
    const background = turns.enter('background');
    const lettingGo = keeper.letGo(sequence, 'background', never);
    for (let wait = 0; wait < 20; wait++) {
      await turns.run(completion, never, nextCycle);
      await sleep(2);
    }
    assert.deepEqual(sequence.reads, []);
    turns.leave(completion);
    await lettingGo;
    assert.deepEqual(sequence.reads, [0, 256, 512, 768]);
    turns.leave(background);
  });

  it('stops writing when the sequence holds another text', async () => {
    asked();
    keeper.keep(sequence);
    sequence.held = context.map((token) => token + 1);
    await keeper.keepAll();
    assert.equal(await restored(new PlainSequence()), 0);
    assert.equal(await there(), 0);
  });

  it('restores from the middle of a chunk at which the sequence ends', async () => {
    asked();
    await keeper.keepAll();
    const half = new PlainSequence();
    half.held = context.slice(0, 700);
    assert.equal(await restored(half), 512);
    assert.deepEqual(half.held, context.slice(0, 1_024));
  });

  it('reads nothing from disk if the sequence holds as much', async () => {
    asked();
    await keeper.keepAll();
    const whole = new PlainSequence();
    whole.held = context.slice(0, 1_050);
    assert.equal(await restored(whole), 0);
    assert.equal(whole.length, 1_050);
  });

  it('forgets one set without waiting for the turn of another', async () => {
    const other = { ...set, name: 'two' };
    asked();
    const chat = turns.enter('chat');
    keeper.keep(sequence);
    await keeper.forget({ folder: set.folder, name: other.name });
    await keeper.forget({ folder: set.folder, name: set.name });
    turns.leave(chat);
    await keeper.keepAll();
    assert.deepEqual([await there(), sequence.reads, lines], [0, [], []]);
  });

  it('restores all tokens except those that an answer has to evaluate', async () => {
    const whole = context.slice(0, 1_024);
    asked(whole);
    await keeper.keepAll();
    const target = new PlainSequence();
    assert.equal(await restored(target, whole), 1_023);
    assert.deepEqual(target.held, whole.slice(0, 1_023));
  });

  it('restores the chunks before the first missing one', async () => {
    asked();
    await keeper.keepAll();
    await rm(path.join(set.folder, set.name, `${chunkNames('plain', context)[1]}.rows`));
    const target = new PlainSequence();
    assert.equal(await restored(target), 256);
    assert.deepEqual(target.held, context.slice(0, 256));
  });

  const forgotten: readonly (readonly [
    what: string,
    name: (own: string) => string | undefined,
    isOtherFolder: boolean,
    kept: number,
  ])[] = [
    ['its set is', (own) => own, false, 0],
    ['all sets are', () => undefined, false, 0],
    ['another set is', () => 'two', false, 4],
    ['a set of this name in another folder is', (own) => own, true, 4],
    ['all sets of another folder are', () => undefined, true, 4],
  ];
  for (const [what, name, isOtherFolder, kept] of forgotten) {
    it(`${kept === 0 ? 'keeps nothing' : 'keeps the context'} of a request during which ${what} forgotten, and of a waiting one`, async () => {
      const forget = async (): Promise<void> =>
        keeper.forget({ folder: isOtherFolder ? path.join(folder, 'other') : set.folder, name: name(set.name) });
      const visit = keeper.begin(set);
      keeper.use(sequence);
      await forget();
      sequence.held = [...context];
      keeper.leave(sequence, visit);
      keeper.end(visit);
      await keeper.keepAll();
      assert.equal(await there(), kept);
      await rm(path.join(set.folder, set.name), { recursive: true, force: true });
      asked();
      await forget();
      await keeper.keepAll();
      assert.equal(await there(), kept);
    });
  }

  it('keeps nothing after it was stopped', async () => {
    keeper.stop();
    asked();
    await keeper.keepAll();
    assert.equal(await there(), 0);
  });

  it('logs an unwritable folder once and continues', async () => {
    set = { ...set, folder: path.join(set.folder, 'missing', 'folder') };
    for (let round = 0; round < 3; round++) {
      asked();
      await keeper.keepAll();
    }
    assert.deepEqual(lines, ['A context could not be kept: ENOENT.']);
    assert.equal(await restored(new PlainSequence()), 0);
  });
});
