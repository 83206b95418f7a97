import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import { generatedFiles, tokenizerOf } from '../../../sidecar/workshop/retrieval/context.ts';
import { generateCode } from '../../../sidecar/workshop/retrieval/generatedTexts.ts';
import { askInPlace, askRecall, makeRecallTask } from '../../../sidecar/workshop/retrieval/recall.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { openForBench, type BenchNetworks } from '../bundled/benchNetworks.ts';
import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { openChosen, readTogether, type ChosenSequence } from './chosenSequence.ts';

/** Long enough to find the heads that choose. */
const CONTEXT_TOKENS = 2_048;

describe("a bench's sequence", () => {
  let folder: string;
  let modelPath: string;
  let opened: BenchNetworks;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-chosen-'));
    modelPath = path.join(folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys: { context_length: { type: 'u32', value: CONTEXT_TOKENS } },
    });
    opened = await openForBench({ file: modelPath }, { capacityTokens: 256, networks: 1 });
  });
  after(async () => {
    await opened[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  for (const cache of [
    'full',
    'snapkv:128',
    'h2o:96',
    'kvzip:128',
    'tiered:64,window=32',
    'tiered:64,window=32,heads=40',
  ]) {
    it(`answers with the cache ${cache} as the engine does`, async () => {
      const engine = new LocalEngine({ log: () => undefined });
      try {
        const model = await engine.load({
          modelPath,
          engine: 'chorus',
          device: 'cpu',
          threads: 1,
          contextSizeTokens: CONTEXT_TOKENS,
          cache,
        });
        const task = await makeRecallTask(
          { source: generatedFiles(generateCode), length: 600, constants: 3, seed: 1 },
          tokenizerOf(engine, model),
        );
        assert.deepEqual(
          await makeRecallTask(
            { source: generatedFiles(generateCode), length: 600, constants: 3, seed: 1 },
            tokenizerOf(opened.engine, opened.loaded),
          ),
          task,
        );
        const [{ network }] = opened.networks as [OpenedNetwork];
        using chosen = await openChosen(network, opened.text, { cache, contextTokens: CONTEXT_TOKENS });
        assert.deepEqual((await askRecall(chosen.engine, task)).answers, (await askRecall(engine, task)).answers);
      } finally {
        await engine.dispose();
      }
    });
  }

  it('answers as it would alone if several read a context together', async () => {
    const [{ network }] = opened.networks as [OpenedNetwork];
    const task = await makeRecallTask(
      { source: generatedFiles(generateCode), length: 600, constants: 3, seed: 1 },
      tokenizerOf(opened.engine, opened.loaded),
    );
    const caches = ['full', 'snapkv:128', 'snapkv:64', 'h2o:96', 'kvzip:128', 'kvzip:64', 'random:96'];
    using together = await readTogether(network, opened.text, {
      caches,
      prompts: [task.context],
      contextTokens: CONTEXT_TOKENS,
    });
    for (const [cache, { engine }] of together.byPrompt[0] ?? []) {
      using alone = await openChosen(network, opened.text, { cache, contextTokens: CONTEXT_TOKENS });
      assert.deepEqual(
        await askInPlace(engine, task),
        { answers: (await askRecall(alone.engine, task)).answers, contextReads: 0 },
        cache,
      );
    }
  });

  it('answers as it would alone if the question was known when rows were chosen, and the context is read once for all questions', async () => {
    const [{ network }] = opened.networks as [OpenedNetwork];
    const { context, questions } = await makeRecallTask(
      { source: generatedFiles(generateCode), length: 600, constants: 3, seed: 1 },
      tokenizerOf(opened.engine, opened.loaded),
    );
    const caches = ['full', 'snapkv:128,window=8', 'h2o:96', 'random:96'];
    const prompts = questions.map(({ tokens }) => [...context, ...tokens.slice(0, -1)]);
    using together = await readTogether(network, opened.text, { caches, prompts, contextTokens: CONTEXT_TOKENS });
    for (const [index, question] of questions.entries()) {
      for (const cache of caches) {
        using alone = await readTogether(network, opened.text, {
          caches: [cache],
          prompts: prompts.slice(index, index + 1),
          contextTokens: CONTEXT_TOKENS,
        });
        const [{ engine }, { engine: expected }] = [
          together.byPrompt[index]?.get(cache),
          alone.byPrompt[0]?.get(cache),
        ] as [ChosenSequence, ChosenSequence];
        assert.deepEqual(
          await askInPlace(engine, { context, questions: [question] }),
          await askInPlace(expected, { context, questions: [question] }),
          cache,
        );
      }
    }
  });
});
