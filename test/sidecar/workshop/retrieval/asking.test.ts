import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { generatedFiles, tokenizerOf } from '../../../../sidecar/workshop/retrieval/context.ts';
import { generateCode, generateProse } from '../../../../sidecar/workshop/retrieval/generatedTexts.ts';
import { askNeedle, makeNeedleTask } from '../../../../sidecar/workshop/retrieval/needle.ts';
import { askRecall, makeRecallTask, type RecallTask } from '../../../../sidecar/workshop/retrieval/recall.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const LENGTH = 600;

let folder: string;
let modelPath: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-asking-'));
  modelPath = path.join(folder, 'tiny.gguf');
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(modelPath, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary: tinyVocabulary(),
    omit: ['.bias'],
    keys: { context_length: { type: 'u32', value: 1_024 } },
  });
});
after(() => rm(folder, { recursive: true, force: true }));

for (const cache of ['full', 'snapkv:128', 'streaming:64', 'kvzip:128', 'tiered:64,window=32']) {
  describe(`asking a model with the cache ${cache}`, () => {
    let engine: LocalEngine;
    let model: LoadedModel;
    let task: RecallTask;
    before(async () => {
      engine = new LocalEngine({ log: () => undefined });
      model = await engine.load({
        modelPath,
        engine: 'chorus',
        device: 'cpu',
        threads: 1,
        contextSizeTokens: 1_024,
        cache,
      });
      task = await makeRecallTask(
        { source: generatedFiles(generateCode), length: LENGTH, constants: 4, seed: 1 },
        tokenizerOf(engine, model),
      );
    });
    after(() => engine.dispose());

    it('evaluates a context once for all of its questions', async () => {
      const { answers, contextReads } = await askRecall(engine, task);
      assert.deepEqual(
        answers.map(({ question, value }) => ({ question, value })),
        task.questions.map(({ question, value }) => ({ question, value })),
      );
      assert.ok(contextReads >= 1 && contextReads < 1.2, String(contextReads));
    });

    it('gets the same answer whatever was asked before', async () => {
      const { answers } = await askRecall(engine, task);
      const reversed = await askRecall(engine, { ...task, questions: [...task.questions].reverse() });
      assert.deepEqual([...reversed.answers].reverse(), answers);
      await engine.releaseSequence('retrieval');
      const alone = await askRecall(engine, { ...task, questions: task.questions.slice(-1) });
      assert.deepEqual(alone.answers, answers.slice(-1));
    });

    it('asks for a needle, and reports the answer', async () => {
      const needle = await makeNeedleTask(
        { source: generatedFiles(generateProse), length: LENGTH, depth: 50, seed: 1 },
        tokenizerOf(engine, model),
      );
      const answer = await askNeedle(engine, needle);
      assert.deepEqual(
        { question: answer.question, value: answer.value },
        { question: needle.question, value: needle.value },
      );
      assert.equal(answer.isFound, answer.answer.trimStart().startsWith(needle.value));
      assert.ok(answer.answer.length > 0);
    });

    it('stops when its signal aborts', async () => {
      await assert.rejects(askRecall(engine, task, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
    });
  });
}
