import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CandidateMaker } from '../../../sidecar/completion/candidateMaker.ts';
import { ClientSequences } from '../../../sidecar/completion/clientSequences.ts';
import { type Completion, CompletionService } from '../../../sidecar/completion/completionService.ts';
import { type Cursor, readCursor } from '../../../sidecar/completion/cursor.ts';
import { PromptMaker } from '../../../sidecar/completion/prompt/promptMaker.ts';
import { WorkspaceTexts } from '../../../sidecar/completion/workspaceTexts.ts';
import { revisionOf } from '../../../sidecar/workspaceIndex/revision.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';
import { requestAt } from './cursorAt.ts';
import { RankedFiles } from './rankedFiles.ts';
import { ScriptedEngine } from './scriptedEngine.ts';
import { settle } from './settle.ts';

const never = new AbortController().signal;

/**
 * An engine that returns these texts, one per attempt. A text with `…` at its end is cut off there by the time limit,
 * and uses up the time.
 */
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
      const completions = await service.complete(
        requestAt('const a = ‸', { explicit }),
        never,
        () => (isOutOfTime = true),
      );
      return { completions, isOutOfTime };
    },
  };
}

const textsOf = (completions: readonly Completion[]): string[] => completions.map(({ text }) => text);

describe('A time limit', () => {
  test('of 15 seconds covers all attempts together by default', async () => {
    const { engine, complete } = scripted('first();', 'second…');
    await complete(true);
    assert.deepEqual(
      engine.generations.map(({ timeoutMs }) => timeoutMs),
      [15_000, 15_000],
    );
  });

  test('longer than a timer can wait is not a short one', async () => {
    const engine = new ScriptedEngine();
    const service = new CompletionService({ session: engine.session, now: () => 0 });
    await service.complete(requestAt('const a = ‸', { settings: { timeoutMs: 1e12, minDebounceMs: 0 } }), never);
    assert.deepEqual(
      engine.generations.map(({ timeoutMs }) => timeoutMs),
      [2 ** 31 - 1],
    );
  });

  test('that cuts off the best text is reported, and the text so far is returned', async () => {
    for (const explicit of [false, true]) {
      const { completions, isOutOfTime } = await scripted('firstPart(of…').complete(explicit);
      assert.deepEqual([textsOf(completions), isOutOfTime], [['firstPart(of'], true]);
    }
  });

  test('that leaves no text is reported', async () => {
    for (const explicit of [false, true]) {
      const { completions, isOutOfTime } = await scripted('…').complete(explicit);
      assert.deepEqual([textsOf(completions), isOutOfTime], [[], true]);
    }
  });

  test('that only cuts off another choice is not reported', async () => {
    const { completions, isOutOfTime } = await scripted('first();', 'second…').complete(true);
    assert.deepEqual([textsOf(completions), isOutOfTime], [['first();', 'second'], false]);
  });

  test('that is not reached is not reported, with or without a text', async () => {
    for (const texts of [['first();', 'second();', 'third();'], []]) {
      const { completions, isOutOfTime } = await scripted(...texts).complete(true);
      assert.deepEqual([textsOf(completions), isOutOfTime], [texts, false]);
    }
  });

  test('that is over before the model is asked leaves the place unknown: the next request asks the model', async () => {
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

describe('The n-grams of whole files', () => {
  const text = 'total(cart)';
  const small = { engine: 'chorus', sizeBytes: 2e8 } as const;
  const cases = [
    { what: 'count with a small model', counts: true },
    { what: 'count if only closers are behind the cursor', line: 'const b = (‸);', counts: true },
    { what: 'do not count if other text is behind the cursor on its line', line: 'const b = ‸ + 1;', counts: false },
    { what: 'do not count with a large model', model: { engine: 'chorus', sizeBytes: 2e9 }, counts: false },
    { what: 'do not count in llama.cpp', model: { engine: 'llama', sizeBytes: 2e8 }, counts: false },
    { what: 'do not count in a document that the files were not chosen for', uri: 'file:///b.ts', counts: false },
    { what: 'do not count in prose and data, whose prompts have no other files', languageId: 'json', counts: false },
    {
      what: 'do not count if other files may take no tokens',
      contextSettings: { maxTokens: 0 },
      counts: false,
    },
    { what: 'do not count if a file was edited meanwhile', isEdited: true, counts: false },
  ] as const satisfies readonly {
    readonly what: string;
    readonly counts: boolean;
    readonly model?: Partial<LoadedModel>;
    readonly [option: string]: unknown;
  }[];
  const settings = { minDebounceMs: 0 };

  for (const { what, counts, ...options } of cases) {
    test(what, async (context) => {
      context.mock.timers.enable({ apis: ['setTimeout'] });
      const {
        model = small,
        line = 'const b = ‸',
        uri = 'file:///a.ts',
        isEdited = false,
        ...overrides
      } = options as Partial<Record<'line' | 'uri', string>> & { model?: Partial<LoadedModel>; isEdited?: boolean };
      const engine = Object.assign(
        new ScriptedEngine(['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'], { ...model, name: 'Qwen2.5-Coder' }),
        { setTexts: async () => undefined },
      );
      const workspace = Object.assign(new RankedFiles(), {
        revision: revisionOf(text),
        texts: async () => [{ uri: 'other.ts', text }],
      });
      const service = new CompletionService({ session: { ...engine.session, loaded: engine.loaded } });
      const complete = async (at: string, inUri: string): Promise<void> => {
        const completing = service.complete(requestAt(at, { uri: inUri, workspace, settings, ...overrides }), never);
        await settle();
        context.mock.timers.tick(400);
        await completing;
      };
      await complete('const a = ‸', 'file:///a.ts');
      context.mock.timers.tick(3_000);
      await settle();
      if (isEdited) workspace.revision++;
      await complete(line, uri);
      const asked = engine.generations.filter(({ priority }) => priority === 'completion');
      assert.deepEqual(
        asked.map(({ ngrams }) => ngrams !== undefined),
        [false, counts],
      );
    });
  }

  test('count only for the likeliest text, since other choices would be the same', async () => {
    const engine = Object.assign(new ScriptedEngine([], small), { setTexts: async () => undefined });
    const workspace = Object.assign(new RankedFiles(), {
      revision: revisionOf(text),
      texts: async () => [{ uri: 'other.ts', text }],
    });
    const texts = new WorkspaceTexts(engine);
    const request = requestAt('const a = ‸', { workspace, explicit: true, settings });
    await texts.refresh('', request, never);
    const sequences = new ClientSequences({ engine });
    const prompts = new PromptMaker({
      session: { engine },
      now: () => 0,
      newTokens: () => 0,
      onOtherModel: () => undefined,
    });
    engine.answer = () => `answer${engine.generations.length};`;
    const maker = new CandidateMaker({
      session: engine.session,
      prompts,
      sequences,
      texts,
      now: () => 0,
      log: () => undefined,
    });
    await maker.make(request, readCursor(request) as Cursor, { signal: never, onText: () => undefined });
    assert.deepEqual(
      engine.generations.map(({ ngrams }) => ngrams?.before.length),
      [9, undefined, undefined],
    );
  });
});
