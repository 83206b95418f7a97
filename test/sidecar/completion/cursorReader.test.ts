import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CompletionService, type CompletionServiceDependencies } from '../../../sidecar/completion/completionService.ts';
import { requestAt } from './cursorAt.ts';
import { ScriptedEngine } from './scriptedEngine.ts';

const never = new AbortController().signal;
const place = 'const first = 1;\nconst second = ‸\nconst third = 3;\n';
const otherPlace = 'function later() {\n  return ‸\n}\n';

function setUp(options: Partial<CompletionServiceDependencies> = {}): { service: CompletionService; engine: ScriptedEngine } {
  const engine = new ScriptedEngine();
  engine.answer = () => '2;';
  return { engine, service: new CompletionService({ session: { ...engine.session, loaded: engine.loaded }, ...options }) };
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

async function generations(engine: ScriptedEngine, count: number): Promise<void> {
  while (engine.generations.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('a cursor that rests', () => {
  it('has the prompt of its place evaluated, and nothing generated', async () => {
    const { service, engine } = setUp();
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

  it('asks for nothing where the request before evaluated the place', async () => {
    const { service, engine } = setUp();
    await service.complete(requestAt(place), never);
    await service.cursorRests(requestAt(place));
    assert.equal(engine.generations.length, 1);
  });

  for (const [name, where] of [['inside a word', 'const sec‸ond = 2;\nconst third = 3;\n'], ['in an empty document', '‸']] as const) {
    it(`asks for nothing ${name}`, async () => {
      const { service, engine } = setUp();
      await service.cursorRests(requestAt(where));
      assert.equal(engine.generations.length, 0);
    });
  }

  it('loads no model', async () => {
    const { service, engine } = setUp();
    const loading = new CompletionService({ session: { engine, model: () => Promise.reject(new Error('loaded')) } });
    await loading.cursorRests(requestAt(place));
    await service.cursorRests(requestAt(place));
    assert.equal(engine.generations.length, 1);
  });

  it('asks for nothing while the machine is to be spared, or where nothing is to be read ahead', async () => {
    const quiet = setUp({ isQuiet: () => true });
    await quiet.service.cursorRests(requestAt(place));
    const off = setUp();
    await off.service.cursorRests({ ...requestAt(place), contextSettings: { readAhead: false } });
    assert.equal(quiet.engine.generations.length + off.engine.generations.length, 0);
  });

  it('takes part in what may be spent ahead of requests', async () => {
    const { service, engine } = setUp({ now: () => 0 });
    engine.promptMs = 60_000;
    await service.cursorRests(requestAt(place));
    await service.cursorRests(requestAt(otherPlace));
    assert.equal(engine.generations.length, 1);
  });

  it('ends what was read where it rested before, and so does a request', async () => {
    const { service, engine } = setUp();
    engine.evaluation = untilAborted;
    const first = service.cursorRests(requestAt(place));
    await generations(engine, 1);
    const second = service.cursorRests(requestAt(otherPlace));
    await generations(engine, 2);
    await first;
    assert.equal(engine.cancelledGenerations, 1);
    engine.evaluation = () => Promise.resolve();
    await service.complete(requestAt(otherPlace), never);
    await second;
    assert.equal(engine.cancelledGenerations, 2);
  });

  it('is forgotten with its client', async () => {
    const { service, engine } = setUp();
    engine.evaluation = untilAborted;
    const reading = service.cursorRests(requestAt(place));
    await generations(engine, 1);
    await service.forgetClient('window');
    await reading;
    assert.equal(engine.cancelledGenerations, 1);
    assert.ok(engine.released.includes('completion:window'));
  });
});
