import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { CompletionService } from '../../../../sidecar/completion/completionService.ts';
import type { Completion, CompletionRequest } from '../../../../sidecar/completion/request.ts';
import { requestAt } from '../cursorAt.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

const never = new AbortController().signal;
/** Settings without a debounce. */
const settings = { minDebounceMs: 0 };

/** The model's text after each text. The last pair that fits counts. */
const CONTINUATIONS: readonly (readonly [after: string, text: string])[] = [
  ['const a = ', 'sum(b);\n'],
  ['sum(b)', ';\n'],
  ['sum(b);', '\n'],
  ['sum(b);\n', 'print(a);\n'],
  ['if (a) ', 'go();\n'],
  ['if (a) go();', ' else stop();\n'],
];

interface Setup {
  readonly service: CompletionService;
  readonly engine: ScriptedEngine;
  /** Other clients' requests, the listeners for them, the time, and whether the machine saves power. */
  readonly world: { others: number; nowMs: number; isQuiet: boolean; readonly listeners: Set<() => void> };
}

function setup(): Setup {
  const engine = new ScriptedEngine();
  const world = { others: 0, nowMs: 0, isQuiet: false, listeners: new Set<() => void>() };
  let working = 0;
  const service = new CompletionService({
    session: engine.session,
    now: () => world.nowMs,
    isQuiet: () => world.isQuiet,
    running: () => working + world.others,
    onRunning: (listener) => {
      world.listeners.add(listener);
      return () => void world.listeners.delete(listener);
    },
  });
  engine.answer = ({ tokens, requiredPrefix = '' }) => {
    const before = String.fromCharCode(...tokens) + requiredPrefix;
    return CONTINUATIONS.findLast(([after]) => before.endsWith(after))?.[1] ?? '';
  };
  const generate = engine.generate.bind(engine);
  engine.generate = async (...parameters) => {
    working++;
    return generate(...parameters).finally(() => working--);
  };
  return { service, engine, world };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets everything happen that takes at most `ms`. */
async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  for (let count = 0; count < 60; count++) await turn();
}

async function complete(
  { service }: Setup,
  marked: string,
  overrides: Partial<CompletionRequest> = {},
): Promise<readonly Completion[]> {
  const answer = service.complete(requestAt(marked, { settings, ...overrides }), never);
  await pass(0);
  return answer;
}

/** Sets up a client whose next completion is being made. It waits for `goOn`. */
async function underWay(): Promise<{ readonly state: Setup; readonly goOn: () => void }> {
  const state = setup();
  await complete(state, 'if (a) ‸');
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  state.engine.pace = () => held;
  await pass(200);
  return { state, goOn };
}

const textsOf = (completions: readonly Completion[]): readonly string[] => completions.map(({ text }) => text);
const promptOf = async ({ engine }: Setup, index: number): Promise<string> =>
  (await engine.promptOf(index)) + (engine.generations[index]?.requiredPrefix ?? '');

describe('NextCompletion', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('has the next completion ready when the user accepts', async () => {
    const state = setup();
    assert.deepEqual(textsOf(await complete(state, 'if (a) ‸')), ['go();']);
    await pass(200);
    assert.equal(state.engine.generations.length, 2);
    assert.equal(state.engine.generations[1]?.priority, 'background');
    const [next] = await complete(state, 'if (a) go();‸');
    assert.equal(next?.text, ' else stop();');
    assert.equal(next.cached, true);
    assert.equal(state.engine.generations.length, 2);
  });

  it('makes the same completion as without preparation, from the same prompt', async () => {
    for (const place of ['if (a) go();‸', '  const a = sum(b);\n  ‸']) {
      const prepared = setup();
      await complete(prepared, place.startsWith('if') ? 'if (a) ‸' : '  const a = ‸');
      await pass(200);
      const fresh = setup();
      assert.deepEqual(textsOf(await complete(prepared, place)), textsOf(await complete(fresh, place)));
      assert.equal(await promptOf(prepared, prepared.engine.generations.length - 1), await promptOf(fresh, 0));
    }
  });

  it('prepares the next line at the end of a line', async () => {
    const state = setup();
    await complete(state, '\tconst a = ‸', { languageId: 'go' });
    await pass(200);
    assert.match(await promptOf(state, 2), /sum\(b\);\n\t$/);
    assert.deepEqual(textsOf(await complete(state, '\tconst a = sum(b);‸')), []);
    assert.equal(state.engine.generations.length, 3);
  });

  it('continues while the user types the ghost text', async () => {
    const state = setup();
    await complete(state, 'if (a) ‸');
    await pass(150);
    assert.deepEqual(textsOf(await complete(state, 'if (a) g‸')), ['o();']);
    await pass(50);
    assert.equal(state.engine.generations.length, 2);
    assert.equal((await complete(state, 'if (a) go();‸'))[0]?.cached, true);
  });

  it('continues while documents change', async () => {
    const { state, goOn } = await underWay();
    state.service.documentChanged('window');
    goOn();
    await pass(0);
    assert.equal((await complete(state, 'if (a) go();‸'))[0]?.cached, true);
    assert.equal(state.engine.cancelledGenerations, 0);
  });

  it('serves a request that comes while it works', async () => {
    const { state, goOn } = await underWay();
    const answer = state.service.complete(requestAt('if (a) go();‸', { settings }), never);
    await pass(0);
    goOn();
    assert.deepEqual(textsOf(await answer), [' else stop();']);
    assert.equal(state.engine.generations.length, 2);
  });

  it('leaves a request to the engine if other clients would be served first', async () => {
    const { state, goOn } = await underWay();
    state.world.others = 1;
    const answer = state.service.complete(requestAt('if (a) go();‸', { settings }), never);
    await pass(0);
    goOn();
    assert.deepEqual(textsOf(await answer), [' else stop();']);
    assert.deepEqual(
      state.engine.generations.map(({ priority }) => priority),
      ['completion', 'background', 'completion'],
    );
  });

  it('leaves a waiting request to the engine when other clients come', async () => {
    const { state, goOn } = await underWay();
    const answer = state.service.complete(requestAt('if (a) go();‸', { settings }), never);
    await pass(0);
    assert.equal(state.engine.generations.length, 2);
    state.world.others = 1;
    for (const listener of state.world.listeners) listener();
    goOn();
    await pass(0);
    assert.deepEqual(textsOf(await answer), [' else stop();']);
    assert.deepEqual(
      state.engine.generations.map(({ priority }) => priority),
      ['completion', 'background', 'completion'],
    );
    assert.equal(state.world.listeners.size, 0);
  });

  const drops: Readonly<Record<string, (state: Setup, shown: Completion) => Promise<unknown> | void>> = {
    'the user types something else': (state) => complete(state, 'if (a) x‸'),
    'the user goes to another document': (state) => complete(state, 'x‸', { uri: 'file:///workspace/other' }),
    'the user moves into a word': (state) => complete(state, 'const na‸me = 1'),
    'the ghost text is dismissed': (state, { id }) => state.service.feedback({ completionId: id, kind: 'dismissed' }),
    'the user stops reading ahead': (state) => state.service.stopReadingAhead('window'),
    'the machine runs on battery': (state) => {
      state.world.isQuiet = true;
      state.service.quietnessChanged();
    },
    'the client leaves': (state) => state.service.forgetClient('window'),
  };
  for (const [event, happen] of Object.entries(drops)) {
    it(`stops when ${event}`, async () => {
      const waiting = setup();
      const [shown] = await complete(waiting, 'if (a) ‸');
      assert.ok(shown);
      await happen(waiting, shown);
      await pass(200);
      assert.equal(waiting.engine.generations.filter(({ priority }) => priority === 'background').length, 0);

      const running = setup();
      const [other] = await complete(running, 'if (a) ‸');
      assert.ok(other);
      running.engine.pace = async () => {
        await turn();
        await turn();
        await turn();
      };
      mock.timers.tick(200);
      while (running.engine.generations.length < 2) await turn();
      await happen(running, other);
      await pass(0);
      assert.equal(running.engine.cancelledGenerations, 1);
    });
  }

  it('makes nothing while the engine works, or with reading ahead off', async () => {
    const busy = setup();
    busy.world.others = 1;
    await complete(busy, 'if (a) ‸');
    await pass(200);
    assert.equal(busy.engine.generations.length, 1);
    const unwanted = setup();
    await complete(unwanted, 'if (a) ‸', { contextSettings: { readAhead: false } });
    await pass(200);
    assert.equal(unwanted.engine.generations.length, 1);
  });

  it('makes nothing on battery, and continues after that', async () => {
    const state = setup();
    state.world.isQuiet = true;
    await complete(state, 'if (a) ‸');
    await pass(200);
    assert.equal(state.engine.generations.length, 1);
    state.world.isQuiet = false;
    await complete(state, '\nif (a) ‸');
    await pass(200);
    assert.deepEqual(
      state.engine.generations.map(({ priority }) => priority),
      ['completion', 'completion', 'background'],
    );
  });

  it('makes nothing if its prompt would replace evaluated tokens of the current place', async () => {
    // Prompts here have at most 512 tokens. A longer text begins a quarter of that later.
    for (const [lines, isMoved] of [
      [118, false],
      [126, true],
    ] as const) {
      const before = `${Array.from({ length: lines }, (_, index) => `b(${100 + index});\n`).join('')}cccc;\nif (a) `;
      const [state, fresh] = [setup(), setup()];
      await complete(state, `${before}‸`);
      await pass(200);
      await complete(fresh, `${before}go();‸`);
      assert.equal((await promptOf(fresh, 0)).startsWith(await promptOf(state, 0)), !isMoved);
      assert.equal(state.engine.generations.length, isMoved ? 1 : 2);
    }
  });

  it('takes at most a fifth of the time', async () => {
    const state = setup();
    const { engine, world } = state;
    const generate = engine.generate.bind(engine);
    engine.generate = async (params, options) => {
      if (params.priority === 'background') world.nowMs += 100_000;
      return generate(params, options);
    };
    const isPrepared = async (): Promise<boolean> => {
      const before = engine.generations.length;
      await complete(state, `${'\n'.repeat(before)}if (a) ‸`);
      await pass(200);
      return engine.generations.length > before + 1;
    };
    assert.deepEqual([await isPrepared(), await isPrepared()], [true, false]);
    world.nowMs += 110_000;
    assert.equal(await isPrepared(), true);
  });
});
