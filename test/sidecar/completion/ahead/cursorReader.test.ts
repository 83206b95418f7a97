import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  CompletionService,
  type CompletionServiceDependencies,
} from '../../../../sidecar/completion/completionService.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { requestAt } from '../cursorAt.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

const never = new AbortController().signal;
const place = 'const first = 1;\nconst second = ‸\nconst third = 3;\n';
const otherPlace = 'function later() {\n  return ‸\n}\n';

function setUp(options: Partial<CompletionServiceDependencies> = {}): {
  service: CompletionService;
  engine: ScriptedEngine;
} {
  const engine = new ScriptedEngine();
  engine.answer = () => '2;';
  return {
    engine,
    service: new CompletionService({ session: { ...engine.session, loaded: engine.loaded }, ...options }),
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

async function generations(engine: ScriptedEngine, count: number): Promise<void> {
  while (engine.generations.length < count) await new Promise((resolve) => setImmediate(resolve));
}

/** A client whose last request was elsewhere in the document of `place`. */
async function afterRequest(
  options: Partial<CompletionServiceDependencies> = {},
): Promise<{ service: CompletionService; engine: ScriptedEngine }> {
  const set = setUp(options);
  await set.service.complete(requestAt('const zero = ‸'), never);
  set.engine.generations.length = 0;
  return set;
}

describe('CursorReader', () => {
  it('evaluates the prompt at a resting cursor, and generates nothing', async () => {
    const { service, engine } = await afterRequest();
    await service.cursorRests(requestAt(place));
    const [reading] = engine.generations;
    assert.equal(reading?.maxTokens, 0);
    assert.equal(reading.priority, 'background');
    const [completion] = await service.complete(requestAt(place), never);
    assert.equal(completion?.text, '2;');
    assert.deepEqual(engine.generations[1]?.tokens, reading.tokens);
    assert.equal(engine.generations[1]?.sequence, reading.sequence);
    assert.equal(service.statistics().placesRead, 1);
  });

  it('evaluates nothing where a completion is known', async () => {
    const { service, engine } = setUp();
    engine.answer = () => '';
    await service.complete(requestAt(place), never);
    await service.cursorRests(requestAt(place));
    assert.equal(engine.generations.length, 1);
  });

  for (const [name, where] of [
    ['inside a word', 'const sec‸ond = 2;\nconst third = 3;\n'],
    ['in an empty document', '‸'],
  ] as const) {
    it(`evaluates nothing ${name}`, async () => {
      const { service, engine } = await afterRequest();
      await service.cursorRests(requestAt(where));
      assert.equal(engine.generations.length, 0);
    });
  }

  it('evaluates nothing in another document than the last request', async () => {
    const { service, engine } = await afterRequest();
    await service.cursorRests(requestAt(place, { uri: 'file:///workspace/other' }));
    await service.cursorRests(requestAt(place, { clientKey: 'other window' }));
    assert.equal(engine.generations.length, 0);
  });

  it('loads no model', async () => {
    const engine = new ScriptedEngine();
    let loads = 0;
    const model = async (): Promise<LoadedModel> => {
      loads++;
      return engine.loaded;
    };
    const service = new CompletionService({ session: { engine, model } });
    await service.complete(requestAt('const zero = ‸'), never);
    const before = loads;
    await service.cursorRests(requestAt(place));
    assert.equal(loads, before);
    assert.equal(engine.generations.length, 1);
  });

  it('evaluates nothing while the engine works, on battery, or with reading ahead off', async () => {
    const [busy, quiet, off] = await Promise.all([
      afterRequest({ running: () => 1 }),
      afterRequest({ isQuiet: () => true }),
      afterRequest(),
    ]);
    await busy.service.cursorRests(requestAt(place));
    await quiet.service.cursorRests(requestAt(place));
    await off.service.cursorRests({ ...requestAt(place), contextSettings: { readAhead: false } });
    assert.equal(busy.engine.generations.length + quiet.engine.generations.length + off.engine.generations.length, 0);
  });

  it('evaluates nothing if the client leaves while its reading ends', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { service, engine } = setUp();
      engine.answer = () => '';
      engine.evaluated = () => 0;
      await service.complete(requestAt('const zero = ‸', { settings: { minDebounceMs: 0 } }), never);
      let end = (): void => undefined;
      engine.evaluation = () => new Promise((resolve) => (end = resolve));
      mock.timers.tick(3_000);
      await generations(engine, 2);
      const rested = service.cursorRests(requestAt(place));
      const forgotten = service.forgetClient('window');
      engine.evaluation = () => Promise.resolve();
      end();
      await Promise.all([rested, forgotten]);
      assert.equal(engine.generations.length, 2);
    } finally {
      mock.timers.reset();
    }
  });

  it('comes before the whole context, which is read in the next pause', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let running = 0;
      const { service, engine } = setUp({ running: () => running });
      engine.answer = () => '';
      engine.evaluated = () => 0;
      await service.complete(requestAt('const zero = ‸', { settings: { minDebounceMs: 0 } }), never);
      engine.evaluation = async (signal) => {
        running++;
        await untilAborted(signal);
        running--;
      };
      mock.timers.tick(3_000);
      await generations(engine, 2);
      const before = engine.cancelledGenerations;
      engine.evaluation = () => Promise.resolve();
      await service.cursorRests(requestAt(place));
      assert.equal(engine.cancelledGenerations, before + 1);
      assert.equal(engine.generations.length, 3);
    } finally {
      mock.timers.reset();
    }
  });

  it('spends the budget of work ahead', async () => {
    const { service, engine } = await afterRequest({ now: () => 0 });
    engine.promptMs = 60_000;
    await service.cursorRests(requestAt(place));
    await service.cursorRests(requestAt(otherPlace));
    assert.equal(engine.generations.length, 1);
  });

  it('stops reading the former place when the cursor moves', async () => {
    const { service, engine } = await afterRequest();
    engine.evaluation = untilAborted;
    const first = service.cursorRests(requestAt(place));
    await generations(engine, 1);
    engine.evaluation = () => Promise.resolve();
    await service.cursorRests(requestAt(otherPlace));
    await first;
    assert.equal(engine.cancelledGenerations, 1);
    assert.equal(engine.generations.length, 2);
    assert.equal(service.statistics().placesRead, 1);
  });

  it('serves a request at its place, and ends at a request elsewhere', async () => {
    for (const [where, cancelled] of [
      [place.replace('‸', '1‸'), 0],
      [otherPlace, 1],
    ] as const) {
      const { service, engine } = await afterRequest();
      let finish = (): void => undefined;
      engine.evaluation = (signal) =>
        new Promise((resolve) => {
          finish = resolve;
          signal?.addEventListener('abort', () => resolve());
        });
      const reading = service.cursorRests(requestAt(place));
      await generations(engine, 1);
      const asked = service.complete(requestAt(where), never);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(engine.cancelledGenerations, cancelled);
      engine.evaluation = () => Promise.resolve();
      finish();
      await Promise.all([reading, asked]);
      assert.equal(engine.generations.length, 2);
    }
  });

  it('ends when its client leaves', async () => {
    const { service, engine } = await afterRequest();
    engine.evaluation = untilAborted;
    const reading = service.cursorRests(requestAt(place));
    await generations(engine, 1);
    await service.forgetClient('window');
    await reading;
    assert.equal(engine.cancelledGenerations, 1);
    assert.ok(engine.released.includes('completion:window'));
  });
});
