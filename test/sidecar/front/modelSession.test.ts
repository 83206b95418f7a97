import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { Engine } from '../../../sidecar/engine/engine.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import type { SidecarStatus } from '../../../sidecar/protocol/client.ts';
import type {
  EngineGenerateParams,
  EngineGenerateResult,
  EngineStatistics,
  LoadedModel,
  LoadParams,
} from '../../../sidecar/protocol/engine.ts';
import { FrontModelSession } from '../../../sidecar/front/modelSession.ts';
import { RetryDelay } from '../../../sidecar/front/retryDelay.ts';

/**
 * An engine that "loads" by name. A path that begins with "crash" crashes it, and a path that begins with "bad" is
 * refused.
 */
class NamedEngine implements Engine {
  readonly loads: string[] = [];
  generateFails = false;
  unloads = 0;
  readonly requests: Omit<EngineGenerateParams, 'requestId'>[] = [];

  async load(params: LoadParams, options: { onProgress?: (share: number) => void } = {}): Promise<LoadedModel> {
    this.loads.push(params.modelPath);
    options.onProgress?.(0.5);
    await new Promise((resolve) => setImmediate(resolve));
    if (params.modelPath.startsWith('crash'))
      throw new TroubleError('engine-crashed', 'It fell.', { detail: 'last lines' });
    if (params.modelPath.startsWith('bad')) throw new TroubleError('not-gguf', 'No GGUF.');
    return {
      name: params.modelPath,
      path: params.modelPath,
      architecture: 'test',
      engine: 'llama',
      device: 'CPU',
      deviceReasons: [],
      engineLimits: [],
      sizeBytes: 1,
      memoryBytes: 3,
      deviceMemoryBytes: 2,
      threads: 1,
      vocabularySize: 256,
      contextSizeTokens: 64,
      trainContextTokens: 64,
      special: { addBos: false, endOfGeneration: [] },
      supportsToolCalling: false,
      metadata: {},
    };
  }
  async generate(params: Omit<EngineGenerateParams, 'requestId'>): Promise<EngineGenerateResult> {
    this.requests.push(params);
    if (this.generateFails) throw new TroubleError('engine-crashed', 'It fell.');
    return {
      tokens: [1],
      text: 'x',
      stopReason: 'end',
      reusedTokens: 0,
      evaluatedTokens: 1,
      promptMs: 1,
      generateMs: 1,
    };
  }
  async unload(): Promise<void> {
    this.unloads++;
  }
  async tokenize(): Promise<number[]> {
    return [];
  }
  async detokenize(): Promise<string> {
    return '';
  }
  async chatTemplate(): Promise<number[]> {
    return [];
  }
  async releaseSequence(): Promise<void> {}
  async dispose(): Promise<void> {}
}

function session(): {
  session: FrontModelSession;
  engine: NamedEngine;
  states: () => string[];
  advance: (ms: number) => void;
} {
  let nowMs = 0;
  const statuses: SidecarStatus[] = [];
  const engine = new NamedEngine();
  return {
    engine,
    session: new FrontModelSession({
      engine,
      defaultModelPath: async () => 'default',
      retryDelay: new RetryDelay(() => nowMs),
      promptSpeedOf: ({ path }) => (path === 'measured' ? 41 : undefined),
      onStatus: (status) => statuses.push(status),
    }),
    states: () => statuses.map(({ state }) => state),
    advance: (ms) => (nowMs += ms),
  };
}
const request = { sequence: 's', priority: 'chat', tokens: [1], maxTokens: 1, sampling: { temperature: 0 } } as const;

describe('the model in memory', () => {
  it('ends a caller’s wait for a load on request, while the load goes on for others', async () => {
    const { session: models, engine } = session();
    const controller = new AbortController();
    const stopped = models.model(controller.signal);
    const other = models.model();
    controller.abort(new Error('Not wanted.'));
    await assert.rejects(stopped, /Not wanted/);
    assert.equal((await other).name, 'default');
    await assert.rejects(models.model(AbortSignal.abort(new Error('Never wanted.'))), /Never wanted/);
    assert.deepEqual(engine.loads, ['default']);
  });

  it('reports its memory, and how much of it is on a GPU, after loading and after a request', async () => {
    const { session: models, engine } = session();
    const statistics = async (): Promise<EngineStatistics> => ({
      memoryBytes: 7,
      deviceMemoryBytes: 5,
      contextUsedTokens: 1,
      contextSizeTokens: 64,
    });
    Object.assign(engine, { statistics });
    await models.model();
    assert.deepEqual([models.status.memoryBytes, models.status.deviceMemoryBytes], [3, 2]);
    await models.engine.generate(request);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([models.status.memoryBytes, models.status.deviceMemoryBytes], [7, 5]);
  });

  it('reports the speed of prompts once it was measured', async () => {
    for (const [modelPath, expected] of [
      ['measured', 41],
      ['', undefined],
    ] as const) {
      const { session: models, engine } = session();
      Object.assign(engine, {
        statistics: async (): Promise<EngineStatistics> => ({
          memoryBytes: 7,
          deviceMemoryBytes: 5,
          contextUsedTokens: 1,
          contextSizeTokens: 64,
        }),
      });
      models.configure({ modelPath });
      await models.model();
      await models.engine.generate(request);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(models.status.promptTokensPerSecond, expected);
    }
  });

  it('says in the status whether the settings name it', async () => {
    const { session: model } = session();
    await model.model();
    assert.equal(model.status.isModelNamed, undefined);
    model.configure({ modelPath: '/other.gguf' });
    assert.equal(model.status.isModelNamed, true);
    await model.model();
    assert.equal(model.status.isModelNamed, true);
    model.configure({ modelPath: '' });
    assert.equal(model.status.isModelNamed, undefined);
  });

  it('is loaded once, by the first of many requests', async () => {
    const { session: model, engine, states } = session();
    assert.deepEqual(engine.loads, []);
    const loaded = await Promise.all([model.model(), model.model(), model.model()]);
    assert.deepEqual(
      loaded.map(({ name }) => name),
      ['default', 'default', 'default'],
    );
    assert.deepEqual(engine.loads, ['default']);
    assert.deepEqual(states(), ['loading', 'loading', 'ready']);
  });

  it('changes as soon as another one is chosen, before it is loaded, and stays when other settings change', () => {
    const { session: model } = session();
    model.configure({ modelPath: 'a' });
    assert.equal(model.chosen, 'a');
    model.configure({ modelPath: 'b', threads: 2 });
    model.configure({ chat: { language: 'de' } });
    assert.equal(model.chosen, 'b');
  });

  it('is the model of the client that sent settings last; settings without a model load nothing', async () => {
    const { session: model, engine } = session();
    model.configure({ modelPath: 'a' });
    await model.model();
    model.configure({ modelPath: 'a', chat: { language: 'de' } });
    await model.model();
    model.configure({ modelPath: 'b' });
    assert.equal((await model.model()).name, 'b');
    assert.deepEqual(engine.loads, ['a', 'b']);
  });

  it('stays for a client without model settings, and for a client that spells out the defaults', async () => {
    const { session: model, engine } = session();
    model.configure({ modelPath: 'a', threads: 2 });
    await model.model();
    model.configure({});
    model.configure({ completion: { timeoutMs: 20_000 } });
    model.configure({ modelPath: 'a', engine: 'auto', device: 'auto', threads: 2, contextSizeTokens: 0 });
    assert.equal((await model.model()).name, 'a');
    assert.deepEqual(engine.loads, ['a']);
  });

  it('is the default again for a client that empties its path or names only other model settings', async () => {
    const { session: model, engine } = session();
    for (const back of [{ modelPath: '' }, { threads: 2 }]) {
      model.configure({ modelPath: 'a' });
      await model.model();
      model.configure(back);
      assert.equal((await model.model()).name, 'default');
    }
    assert.deepEqual(engine.loads, ['a', 'default', 'a', 'default']);
  });

  it('is given to requests that waited for a replaced choice', async () => {
    const { session: model } = session();
    model.configure({ modelPath: 'a' });
    const waiting = Array.from({ length: 3 }, () => model.model());
    model.configure({ modelPath: 'b' });
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ name }) => name),
      ['b', 'b', 'b'],
    );
  });

  it('tries once for many waiting requests and tells each why the model cannot be loaded', async () => {
    const { session: model, engine } = session();
    model.configure({ modelPath: 'bad' });
    const waiting = await Promise.allSettled(Array.from({ length: 3 }, () => model.model()));
    assert.deepEqual(
      waiting.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.equal(engine.loads.length, 1);
  });

  it('fails with a clear error; the next request tries again, later ones after a delay', async () => {
    const { session: model, engine, advance } = session();
    model.configure({ modelPath: 'bad' });
    for (let i = 0; i < 5; i++) await assert.rejects(model.model(), { code: 'not-gguf' });
    assert.equal(engine.loads.length, 2);
    assert.deepEqual(model.status.trouble, { code: 'not-gguf', message: 'No GGUF.' });
    advance(1_000);
    await assert.rejects(model.model(), { code: 'not-gguf' });
    assert.equal(engine.loads.length, 3);
  });

  it('is not loaded again automatically if loading it crashed the engine', async () => {
    const { session: model, engine, advance } = session();
    model.configure({ modelPath: 'crash' });
    await assert.rejects(model.model(), { code: 'engine-crashed' });
    advance(3_600_000);
    await assert.rejects(model.model(), { code: 'engine-crashed' });
    assert.equal(engine.loads.length, 1);
    assert.equal(model.status.trouble?.detail, 'last lines');
    await assert.rejects(model.loadNow(), { code: 'engine-crashed' });
    assert.equal(engine.loads.length, 2);
    model.configure({ modelPath: 'good' });
    assert.equal((await model.model()).name, 'good');
  });

  it('is loaded again by the request after a crash', async () => {
    const { session: model, engine } = session();
    await model.model();
    engine.generateFails = true;
    await assert.rejects(model.engine.generate(request), { code: 'engine-crashed' });
    assert.equal(model.status.state, 'trouble');
    engine.generateFails = false;
    await model.model();
    await model.engine.generate(request);
    assert.equal(model.status.state, 'ready');
    assert.deepEqual(engine.loads, ['default', 'default']);
  });

  it('is loaded again if the idle engine crashed; a crash that a request also reported counts once', async () => {
    const { session: model, engine, states } = session();
    model.engineCrashed(new TroubleError('engine-crashed', 'It fell.'));
    assert.equal(model.status.state, 'idle');
    const first = await model.model();
    model.engineCrashed(new TroubleError('engine-crashed', 'It fell.'));
    model.engineCrashed(new TroubleError('engine-crashed', 'It fell.'));
    assert.equal(states().filter((state) => state === 'trouble').length, 1);
    assert.equal(model.loaded, undefined);
    assert.notEqual(await model.model(), first);
    assert.deepEqual(engine.loads, ['default', 'default']);
  });

  it('is busy while it generates', async () => {
    const { session: model, states } = session();
    await model.model();
    await model.engine.generate(request);
    assert.deepEqual(states().slice(-2), ['busy', 'ready']);
  });

  it('tells listeners of each request that begins, with this request counted', async () => {
    const { session: model } = session();
    await model.model();
    const counts: number[] = [];
    const stop = model.onRunning(() => counts.push(model.running));
    await Promise.all([model.engine.generate(request), model.engine.generate(request)]);
    stop();
    await model.engine.generate(request);
    assert.deepEqual(counts, [1, 2]);
  });
});

describe('an idle model', () => {
  const minutes = (count: number): void => mock.timers.tick(count * 60_000);
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is unloaded after a while, says so, and is loaded again by the next request', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      model.configure({ power: { unloadAfterMinutes: 5 } });
      await model.model();
      minutes(4);
      await model.engine.generate(request);
      minutes(4);
      assert.equal(engine.unloads, 0);
      minutes(1);
      assert.equal(engine.unloads, 1);
      assert.deepEqual(
        { ...model.status, quiet: undefined },
        { state: 'idle', unloaded: true, quiet: undefined, readingAhead: undefined },
      );
      assert.equal((await model.model()).name, 'default');
      assert.equal(model.status.state, 'ready');
      assert.equal(model.status.unloaded, undefined);
      assert.equal(engine.loads.length, 2);
    } finally {
      mock.timers.reset();
    }
  });

  it('is unloaded also after settings that differ from the loaded ones', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      await model.model();
      model.configure({ threads: 2, power: { unloadAfterMinutes: 5 } });
      minutes(5);
      assert.equal(engine.unloads, 1);
      assert.equal(model.status.unloaded, true);
      minutes(60);
      assert.equal(engine.unloads, 1);
    } finally {
      mock.timers.reset();
    }
  });

  it('is unloaded also if such settings came during a request', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      await model.model();
      let finish = (): void => undefined;
      engine.generate = () =>
        new Promise(
          (resolve) =>
            (finish = () =>
              resolve({
                tokens: [],
                text: '',
                stopReason: 'end',
                reusedTokens: 0,
                evaluatedTokens: 0,
                promptMs: 0,
                generateMs: 0,
              })),
        );
      const working = model.engine.generate(request);
      model.configure({ threads: 2, power: { unloadAfterMinutes: 5 } });
      minutes(6);
      assert.equal(engine.unloads, 0);
      finish();
      await working;
      minutes(5);
      assert.equal(engine.unloads, 1);
    } finally {
      mock.timers.reset();
    }
  });

  it('is unloaded if its successor cannot be loaded, and the trouble stays visible', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      await model.model();
      model.configure({ modelPath: 'bad', power: { unloadAfterMinutes: 5 } });
      await assert.rejects(model.model(), { code: 'not-gguf' });
      minutes(5);
      assert.equal(engine.unloads, 1);
      assert.equal(model.status.state, 'trouble');
    } finally {
      mock.timers.reset();
    }
  });

  it('is unloaded also if loading took longer than the limit', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      const load = engine.load.bind(engine);
      let finish = (): void => undefined;
      engine.load = async (params, options) => {
        await new Promise<void>((resolve) => (finish = resolve));
        return load(params, options);
      };
      model.configure({ power: { unloadAfterMinutes: 5 } });
      const loading = model.model();
      await settle();
      minutes(6);
      finish();
      await loading;
      minutes(4);
      assert.equal(engine.unloads, 0);
      minutes(1);
      assert.equal(engine.unloads, 1);
    } finally {
      mock.timers.reset();
    }
  });

  it('stays while it works, and as long as the settings say', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { session: model, engine } = session();
      await model.model();
      let finish = (): void => undefined;
      engine.generate = () =>
        new Promise(
          (resolve) =>
            (finish = () =>
              resolve({
                tokens: [],
                text: '',
                stopReason: 'end',
                reusedTokens: 0,
                evaluatedTokens: 0,
                promptMs: 0,
                generateMs: 0,
              })),
        );
      const working = model.engine.generate(request);
      minutes(60);
      assert.equal(engine.unloads, 0);
      finish();
      await working;
      await settle();
      model.configure({ power: { unloadAfterMinutes: 0 } });
      minutes(600);
      assert.equal(engine.unloads, 0);
    } finally {
      mock.timers.reset();
    }
  });
});

describe('reading ahead', () => {
  it('is shown until it ends, whatever the model’s state', async () => {
    const { session: model } = session();
    const loading = model.model();
    model.readingAhead(true);
    await loading;
    assert.deepEqual([model.status.state, model.status.readingAhead], ['ready', true]);
    await model.engine.generate(request);
    assert.deepEqual([model.status.state, model.status.readingAhead], ['ready', true]);
    model.configure({ modelPath: 'bad' });
    assert.deepEqual([model.status.state, model.status.readingAhead], ['idle', true]);
    await assert.rejects(model.model(), { code: 'not-gguf' });
    assert.deepEqual([model.status.state, model.status.readingAhead], ['trouble', true]);
    model.readingAhead(false);
    assert.deepEqual([model.status.state, model.status.readingAhead], ['trouble', undefined]);
  });
});

describe('quiet mode', () => {
  it('is sent to the engine with each request, and to clients', async () => {
    let isQuiet = false;
    const engine = new NamedEngine();
    const model = new FrontModelSession({
      engine,
      defaultModelPath: async () => 'default',
      retryDelay: new RetryDelay(),
      isQuiet: () => isQuiet,
      onStatus: () => undefined,
    });
    await model.model();
    await model.engine.generate(request);
    isQuiet = true;
    model.quietnessChanged();
    assert.equal(model.status.quiet, true);
    await model.engine.generate(request);
    assert.deepEqual(
      engine.requests.map(({ quiet }) => quiet),
      [undefined, true],
    );
  });
});
