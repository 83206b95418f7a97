import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { SequenceMemoryError, type Backend, type BackendSequence } from '../../../sidecar/models/backend.ts';
import { Scheduler } from '../../../sidecar/engine/scheduler.ts';

/** A model with the vocabulary a and b that always samples a. */
function lettersBackend(): Backend {
  let length = 0;
  const sequence: BackendSequence = {
    get length() {
      return length;
    },
    get room() {
      return 64 - length;
    },
    commonPrefixLength: () => 0,
    truncate: async (to) => (length = Math.min(length, to)),
    evaluate: async (tokens) => void (length += tokens.length),
    checkpoint: async () => undefined,
    decode: async function* (tokens) {
      for (length += tokens.length; ; length++) yield 0;
    },
  };
  return {
    vocabulary: { size: 2, tokenBytes: (token) => Buffer.from('ab'.charAt(token)), isText: () => true },
    sequences: [sequence],
    contextSizeTokens: 64,
    batchTokens: 16,
    isInterruptible: false,
    isEndOfGeneration: () => false,
    beQuiet: () => undefined,
    grammar: async () => ({ handle: undefined, stop: [] }),
  };
}

/** A backend whose evaluations last until `letGo` or an interruption. `lengths` are the tokens of each one. */
function slowBackend(): { backend: Backend; lengths: number[]; letGo: () => void } {
  const lettersOnly = lettersBackend();
  const [sequence] = lettersOnly.sequences as [BackendSequence];
  const lengths: number[] = [];
  let finish = (): void => undefined;
  const slow: BackendSequence = {
    ...sequence,
    get length() {
      return sequence.length;
    },
    evaluate: (tokens, signal) => {
      lengths.push(tokens.length);
      return new Promise((resolve, reject) => {
        finish = () => resolve(sequence.evaluate(tokens));
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  };
  const backend = {
    ...lettersOnly,
    sequences: [slow, lettersBackend().sequences[0]!],
    contextSizeTokens: 1_024,
    batchTokens: 512,
    isInterruptible: true,
  };
  return { backend, lengths, letGo: () => finish() };
}

const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for more cycles of the event loop than a request that gets its turn at once. */
async function waits(): Promise<void> {
  for (let cycle = 0; cycle < 200; cycle++) await nextCycle();
}

describe('a prompt on an interruptible backend', () => {
  const chat = {
    sequence: 'chat',
    priority: 'chat',
    tokens: Array.from({ length: 300 }, () => 0),
    maxTokens: 2,
    sampling: { temperature: 0 },
  } as const;

  test('is evaluated in long chunks, and in short chunks after a completion interrupted it', async () => {
    const { backend, lengths, letGo } = slowBackend();
    const scheduler = new Scheduler(backend, { attentionCostSlope: 0 });
    const answer = scheduler.generate(chat);
    while (lengths.length === 0) await nextCycle();
    assert.deepEqual(lengths, [64]);
    const completion = await scheduler.generate({
      ...chat,
      sequence: 'completion',
      priority: 'completion',
      tokens: [0],
    });
    assert.equal(completion.text, 'aa');
    while (lengths.length < 2) await nextCycle();
    assert.equal(lengths[1], 32);
    let isDone = false;
    void answer.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    while (!isDone) {
      letGo();
      await nextCycle();
    }
    const { text, evaluatedTokens } = await answer;
    assert.equal(text, 'aa');
    assert.equal(evaluatedTokens, chat.tokens.length);
  });

  test('is preempted again after eight chunks that run to their end', async () => {
    const { backend, lengths, letGo } = slowBackend();
    const scheduler = new Scheduler({ ...backend, batchTokens: 16 }, { attentionCostSlope: 0 });
    let isDone = false;
    const answer = scheduler.generate(chat).finally(() => (isDone = true));
    const outcomes: string[] = [];
    while (outcomes.length < 11) {
      while (lengths.length === outcomes.length) await nextCycle();
      const completion = scheduler.generate({ ...chat, sequence: 'completion', priority: 'completion', tokens: [0] });
      const first = await Promise.race([completion.then(() => 'interrupted'), waits().then(() => 'finished')]);
      outcomes.push(first);
      if (first === 'finished') letGo();
      await completion;
    }
    while (!isDone) {
      letGo();
      await nextCycle();
    }
    assert.equal((await answer).text, 'aa');
    assert.deepEqual(outcomes, [
      'interrupted',
      ...Array.from({ length: 8 }, () => 'finished'),
      'interrupted',
      'finished',
    ]);
  });

  test('ends at once when the request is cancelled', async () => {
    const { backend, lengths } = slowBackend();
    const scheduler = new Scheduler(backend, { attentionCostSlope: 0 });
    const abort = new AbortController();
    const answer = scheduler.generate(chat, { signal: abort.signal });
    while (lengths.length === 0) await nextCycle();
    abort.abort();
    assert.equal((await answer).stopReason, 'cancelled');
  });
});

describe('an invalid prompt', () => {
  const request = { sequence: 's', priority: 'completion', maxTokens: 1, sampling: { temperature: 0 } } as const;
  const refused: readonly (readonly [what: string, tokens: readonly number[], says: RegExp])[] = [
    ['the first token after the vocabulary', [0, 1, 2], /no token 2; it has 2/],
    ['a token below 0', [-1], /no token -1; it has 2/],
    ['half a token', [0.5], /no token 0\.5; it has 2/],
    ['no token', [], /nothing to continue/],
    [
      'as many tokens as the context holds, without room for an answer',
      Array.from({ length: 64 }, () => 0),
      /64 tokens, more than the 63/,
    ],
  ];
  for (const [what, tokens, says] of refused) {
    test(`is refused with its values, and the next one is answered: ${what}`, async () => {
      const scheduler = new Scheduler(lettersBackend(), { attentionCostSlope: 0 });
      await assert.rejects(scheduler.generate({ ...request, tokens }), says);
      assert.equal((await scheduler.generate({ ...request, tokens: [0, 1] })).text, 'a');
    });
  }
});

describe('an answer that fills', () => {
  const request = {
    sequence: 's',
    priority: 'completion',
    tokens: Array.from({ length: 40 }, () => 0),
    maxTokens: 1_000,
    sampling: { temperature: 0 },
  } as const;
  const limits: readonly (readonly [what: string, contextSizeTokens: number, rows: number])[] = [
    ['the context', 50, 64],
    ['the rows of its sequence', 1_024, 50],
  ];
  for (const [what, contextSizeTokens, rows] of limits) {
    test(`${what} ends one token before the limit`, async () => {
      const backend = lettersBackend();
      const [sequence] = backend.sequences as [BackendSequence];
      const bounded: BackendSequence = {
        ...sequence,
        get length() {
          return sequence.length;
        },
        get room() {
          return rows - sequence.length;
        },
      };
      const { stopReason, tokens } = await new Scheduler(
        { ...backend, sequences: [bounded], contextSizeTokens },
        { attentionCostSlope: 0 },
      ).generate(request);
      // The last sampled token is not evaluated.
      assert.deepEqual(
        { stopReason, tokens: tokens.length, length: sequence.length },
        { stopReason: 'context-full', tokens: 10, length: 49 },
      );
    });
  }
});

describe('a background prompt', () => {
  const reading = {
    sequence: 'window:next',
    priority: 'background',
    tokens: Array.from({ length: 300 }, () => 0),
    maxTokens: 0,
    sampling: { temperature: 0 },
  } as const;

  test('ends as timed out when a chat needs its slot, and keeps its evaluated tokens', async () => {
    const { backend, lengths, letGo } = slowBackend();
    const scheduler = new Scheduler(backend, { attentionCostSlope: 0 });
    const read = scheduler.generate(reading);
    while (lengths.length === 0) await nextCycle();
    letGo();
    while (lengths.length === 1) await nextCycle();
    const chat = await scheduler.generate({
      ...reading,
      sequence: 'chat',
      priority: 'chat',
      tokens: [0],
      maxTokens: 2,
    });
    assert.equal(chat.text, 'aa');
    const { stopReason, sequence, evaluatedTokens } = await read;
    assert.deepEqual(
      { stopReason, sequence, evaluatedTokens },
      { stopReason: 'timeout', sequence: 'window:next', evaluatedTokens: lengths[0] },
    );
  });

  test('is not evaluated if it is expendable and another name would lose its slot', async () => {
    const backend = {
      ...lettersBackend(),
      sequences: [lettersBackend().sequences[0]!, lettersBackend().sequences[0]!],
    };
    const scheduler = new Scheduler(backend, { attentionCostSlope: 0 });
    const expendable = { ...reading, tokens: [0, 0], sequence: 'looked at', isExpendable: true };
    assert.equal((await scheduler.generate(expendable)).sequence, 'looked at');
    for (const sequence of ['window', 'chat'])
      await scheduler.generate({ ...reading, tokens: [0], priority: 'completion', sequence });
    const { stopReason, sequence, evaluatedTokens } = await scheduler.generate(expendable);
    assert.deepEqual(
      { stopReason, sequence, evaluatedTokens },
      { stopReason: 'timeout', sequence: undefined, evaluatedTokens: 0 },
    );
  });
});

describe('a sequence without memory', () => {
  function withOneSound(): {
    scheduler: Scheduler;
    request: (sequence: string) => Parameters<Scheduler['generate']>[0];
  } {
    const [sound] = lettersBackend().sequences as [BackendSequence];
    const [other] = lettersBackend().sequences as [BackendSequence];
    const fail = (): never => {
      throw new SequenceMemoryError('There is none.');
    };
    const broken: BackendSequence = {
      ...other,
      length: 0,
      room: 64,
      evaluate: async () => fail(),
      decode: async function* () {
        yield fail();
      },
    };
    const scheduler = new Scheduler({ ...lettersBackend(), sequences: [sound, broken] }, { attentionCostSlope: 0 });
    return {
      scheduler,
      request: (sequence) => ({
        sequence,
        priority: 'completion',
        tokens: [0],
        maxTokens: 2,
        sampling: { temperature: 0 },
      }),
    };
  }

  test('is not given to the next name while another sequence is free', async () => {
    const { scheduler, request } = withOneSound();
    const ask = async (sequence: string): Promise<string> => (await scheduler.generate(request(sequence))).text;
    assert.equal(await ask('first'), 'aa');
    await assert.rejects(ask('second'), SequenceMemoryError);
    for (const name of ['third', 'fourth']) assert.equal(await ask(name), 'aa');
  });

  test('is replaced by the sibling of its request', async () => {
    const { scheduler, request } = withOneSound();
    await scheduler.generate(request('window'));
    const { sequence, text } = await scheduler.generate({ ...request('window:2'), copyFrom: 'window' });
    assert.deepEqual({ sequence, text }, { sequence: 'window', text: 'aa' });
    assert.deepEqual([scheduler.hasSequence('window'), scheduler.hasSequence('window:2')], [true, false]);
  });

  test('leaves its sibling only the rest of the time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const begun: string[] = [];
      let fail = (): void => undefined;
      const waiting = (name: string): BackendSequence => ({
        ...lettersBackend().sequences[0]!,
        evaluate: (_tokens, signal) => {
          begun.push(name);
          return new Promise((_, reject) => {
            fail = () => reject(new SequenceMemoryError('There is none.'));
            signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          });
        },
      });
      const scheduler = new Scheduler(
        { ...lettersBackend(), sequences: [waiting('window'), waiting('window:2')] },
        { attentionCostSlope: 0 },
      );
      const request = {
        priority: 'completion',
        tokens: Array.from({ length: 40 }, () => 0),
        maxTokens: 2,
        sampling: { temperature: 0 },
      } as const;
      await scheduler.generate({ ...request, tokens: [0], sequence: 'window' });
      let stopReason: string | undefined;
      scheduler
        .generate({ ...request, sequence: 'window:2', copyFrom: 'window', timeoutMs: 1_000 })
        .then((result) => (stopReason = result.stopReason), assert.fail);
      while (begun.length < 1) await nextCycle();
      mock.timers.tick(600);
      fail();
      while (begun.length < 2) await nextCycle();
      mock.timers.tick(500);
      await nextCycle();
      assert.deepEqual({ begun, stopReason }, { begun: ['window:2', 'window'], stopReason: 'timeout' });
    } finally {
      mock.timers.reset();
    }
  });

  test('fails the request after the first words of an answer, which must not come twice', async () => {
    const [sound] = lettersBackend().sequences as [BackendSequence];
    const [other] = lettersBackend().sequences as [BackendSequence];
    const decode: BackendSequence['decode'] = async function* () {
      yield 0;
      throw new SequenceMemoryError('There is none for a longer context.');
    };
    const scheduler = new Scheduler(
      { ...lettersBackend(), sequences: [sound, { ...other, length: 0, room: 64, decode }] },
      { attentionCostSlope: 0 },
    );
    const request = { priority: 'completion', tokens: [0], maxTokens: 2, sampling: { temperature: 0 } } as const;
    await scheduler.generate({ ...request, sequence: 'window' });
    const told: string[] = [];
    await assert.rejects(
      scheduler.generate(
        { ...request, sequence: 'window:2', copyFrom: 'window' },
        { onChunk: ({ text }) => told.push(text) },
      ),
      SequenceMemoryError,
    );
    assert.equal(told.join(''), 'a');
  });
});

describe('Generation', () => {
  test("rejects a required text that the vocabulary cannot spell, without quoting the user's code", async () => {
    const scheduler = new Scheduler(lettersBackend(), { attentionCostSlope: 0 });
    const request = {
      sequence: 's',
      priority: 'completion',
      tokens: [0],
      maxTokens: 4,
      sampling: { temperature: 0 },
      requiredPrefix: 'secret',
    } as const;
    await assert.rejects(scheduler.generate(request), (error: Error) => {
      assert.match(error.message, /6 characters/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal((await scheduler.generate({ ...request, requiredPrefix: 'a' })).text, 'aaaa');
  });

  test('leaves no rows of another name to the next request if it ends before its first turn', async () => {
    const { backend, lengths, letGo } = slowBackend();
    const reusing = (): BackendSequence => {
      const [sequence] = lettersBackend().sequences as [BackendSequence];
      return {
        ...sequence,
        get length() {
          return sequence.length;
        },
        get room() {
          return sequence.room;
        },
        commonPrefixLength: (tokens) => Math.min(tokens.length, sequence.length),
      };
    };
    const [slow] = backend.sequences as [BackendSequence];
    const scheduler = new Scheduler({ ...backend, sequences: [reusing(), reusing(), slow] }, { attentionCostSlope: 0 });
    const request = { priority: 'completion', tokens: [0, 0, 0], maxTokens: 1, sampling: { temperature: 0 } } as const;
    for (const sequence of ['first', 'second']) await scheduler.generate({ ...request, sequence });
    assert.ok((await scheduler.generate({ ...request, sequence: 'second' })).reusedTokens > 0);
    let isDone = false;
    const finished = (): void => void (isDone = true);
    scheduler
      .generate({ ...request, sequence: 'busy', priority: 'chat', tokens: Array.from({ length: 60 }, () => 0) })
      .then(finished, finished);
    while (lengths.length === 0) await nextCycle();
    const abort = new AbortController();
    const ended = scheduler.generate(
      { ...request, sequence: 'third', priority: 'background' },
      { signal: abort.signal },
    );
    await nextCycle();
    abort.abort();
    assert.equal((await ended).sequence, undefined);
    assert.equal((await scheduler.generate({ ...request, sequence: 'third' })).reusedTokens, 0);
    for (; !isDone; await nextCycle()) letGo();
  });

  test('reuses nothing after it ended while a prompt was read anew', async () => {
    const backend = lettersBackend();
    const [letters] = backend.sequences as [BackendSequence];
    const abort = new AbortController();
    const reading: BackendSequence = {
      ...letters,
      get length() {
        return letters.length;
      },
      commonPrefixLength: (tokens) => Math.min(letters.length, tokens.length),
      readWhole: (tokens) =>
        tokens.length < 8
          ? undefined
          : { isDone: false, step: async () => abort.abort(), [Symbol.dispose]: () => undefined },
    };
    const scheduler = new Scheduler({ ...backend, sequences: [reading] }, { attentionCostSlope: 0 });
    const request = { sequence: 'one', priority: 'completion', maxTokens: 1, sampling: { temperature: 0 } } as const;
    await scheduler.generate({ ...request, tokens: [0, 0, 0, 0] });
    const { reusedTokens, evaluatedTokens } = await scheduler.generate(
      { ...request, tokens: [0, 0, 0, 0, 0, 0, 0, 0] },
      { signal: abort.signal },
    );
    assert.deepEqual({ reusedTokens, evaluatedTokens }, { reusedTokens: 0, evaluatedTokens: 0 });
  });

  test('uses only the texts of its name, and n-grams only of the requested version', async () => {
    const backend = lettersBackend();
    const [sequence] = backend.sequences as [BackendSequence];
    const seen: (readonly [readonly number[] | undefined, boolean])[] = [];
    const spying: BackendSequence = {
      ...sequence,
      get length() {
        return sequence.length;
      },
      get room() {
        return sequence.room;
      },
      decode: (tokens, options) => {
        seen.push([options.texts?.following(0, 9), options.ngrams !== undefined]);
        return sequence.decode(tokens, options);
      },
    };
    const scheduler = new Scheduler({ ...backend, sequences: [spying] }, { attentionCostSlope: 0 });
    const ask = (texts?: string, version?: string): Promise<unknown> =>
      scheduler.generate({
        sequence: 'mine',
        texts,
        ngrams: version === undefined ? undefined : { version, before: [] },
        priority: 'completion',
        tokens: [0],
        maxTokens: 2,
        sampling: { temperature: 0 },
      });
    scheduler.setTexts({ name: 'mine', version: '1', texts: [[0, 1, 0]] });
    await ask();
    await ask('other', '1');
    await ask('mine');
    await ask('mine', '1');
    await ask('mine', '2');
    scheduler.setTexts({ name: 'mine', version: '', texts: [] });
    await ask('mine', '1');
    assert.deepEqual(seen, [
      [undefined, false],
      [undefined, false],
      [[0, 1, 0], false],
      [[0, 1, 0], true],
      [[0, 1, 0], false],
      [undefined, false],
    ]);
  });
});
