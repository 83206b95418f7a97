import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Completion, CompletionService } from '../../../sidecar/completion/completionService.ts';
import { requestAt } from './cursorAt.ts';
import { ScriptedEngine } from './scriptedEngine.ts';

const never = new AbortController().signal;

/** An engine that says these texts, one an attempt. A text with `…` at its end is cut off there by the time limit, and takes all the time. */
function scripted(...texts: readonly string[]) {
  const clock = { ms: 0 };
  const engine = new ScriptedEngine();
  const generate = engine.generate.bind(engine);
  engine.answer = () => texts[engine.generations.length - 1]?.replace('…', '') ?? '';
  engine.generate = async (params, options) => {
    const result = await generate(params, options);
    if (texts[engine.generations.length - 1]?.endsWith('…') !== true) return result;
    clock.ms += params.timeoutMs ?? 0;
    return { ...result, stopReason: 'timeout' };
  };
  const service = new CompletionService({ session: engine.session, now: () => clock.ms });
  return {
    engine,
    complete: async (explicit: boolean): Promise<{ completions: readonly Completion[]; isOutOfTime: boolean }> => {
      let isOutOfTime = false;
      const completions = await service.complete(requestAt('const a = ‸', { explicit }), never, () => (isOutOfTime = true));
      return { completions, isOutOfTime };
    },
  };
}

const textsOf = (completions: readonly Completion[]): string[] => completions.map(({ text }) => text);

describe('A time limit', () => {
  test('of 15 seconds holds for all attempts together, where the settings name none', async () => {
    const { engine, complete } = scripted('first();', 'second…');
    await complete(true);
    assert.deepEqual(engine.generations.map(({ timeoutMs }) => timeoutMs), [15_000, 15_000]);
  });

  test('of longer than a timer can wait is no short one', async () => {
    const engine = new ScriptedEngine();
    const service = new CompletionService({ session: engine.session, now: () => 0 });
    await service.complete(requestAt('const a = ‸', { settings: { timeoutMs: 1e12, minDebounceMs: 0 } }), never);
    assert.deepEqual(engine.generations.map(({ timeoutMs }) => timeoutMs), [2 ** 31 - 1]);
  });

  test('that ends the best text is told, with what there is of it', async () => {
    for (const explicit of [false, true]) {
      const { completions, isOutOfTime } = await scripted('firstPart(of…').complete(explicit);
      assert.deepEqual([textsOf(completions), isOutOfTime], [['firstPart(of'], true]);
    }
  });

  test('that leaves no text is told', async () => {
    for (const explicit of [false, true]) {
      const { completions, isOutOfTime } = await scripted('…').complete(explicit);
      assert.deepEqual([textsOf(completions), isOutOfTime], [[], true]);
    }
  });

  test('that only ends a further choice is not', async () => {
    const { completions, isOutOfTime } = await scripted('first();', 'second…').complete(true);
    assert.deepEqual([textsOf(completions), isOutOfTime], [['first();', 'second'], false]);
  });

  test('that is not reached is not told, where the model says something and where it has nothing to say', async () => {
    for (const texts of [['first();', 'second();', 'third();'], []]) {
      const { completions, isOutOfTime } = await scripted(...texts).complete(true);
      assert.deepEqual([textsOf(completions), isOutOfTime], [texts, false]);
    }
  });

  test('that is over before the model is asked says nothing about the place: it is asked of it again', async () => {
    const engine = new ScriptedEngine();
    const service = new CompletionService({ session: engine.session, now: () => 0 });
    let told = 0;
    const request = requestAt('const a = ‸', { settings: { timeoutMs: 0.1, minDebounceMs: 0 } });
    for (let asked = 1; asked <= 2; asked++) {
      assert.deepEqual(await service.complete(request, never, () => told++), []);
      assert.deepEqual([told, engine.generations.length], [asked, 0]);
    }
  });
});
