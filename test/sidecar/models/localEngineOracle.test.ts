import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { getLlama, type Llama, type LlamaContextSequence, type Token } from 'node-llama-cpp';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { readVocabulary, type Vocabulary } from '../../../sidecar/models/gguf/vocabulary.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import { computeThreads } from '../../../sidecar/models/threads.ts';
import type { EngineGenerateParams } from '../../../sidecar/protocol/engine.ts';
import { writeFirstBlocks } from '../../reference/firstBlocks.ts';
import { allowedTokens, likeliest } from '../../reference/healing.ts';

const CODE =
  'export function mean(values: number[]): number {\n    let sum = 0;\n    for (const value of values) {\n        sum +=';
const BLOCKS = 6;
const PROSE = 'The history of the city of Paris begins with a Celtic tribe, the Parisii, who';
/**
 * The gap in nats below which either of two tokens may be taken, since products are summed in another order than the
 * reference's.
 */
const CLOSE_CALL = 0.02;

/** The reference's choice at a step, and the probability of every token there. */
interface Step {
  readonly token: number;
  readonly probabilities: ReadonlyMap<number, number>;
}

/**
 * The model is in float32. With 4-bit weights inputs are rounded to 8 bits, and llama.cpp's own logits change by up to
 * 0.6 nats with the number of tokens in a batch. This is so on processors without AVX-512 if attention is not flash
 * attention.
 */
describe('the tokens of both engines equal those of node-llama-cpp', () => {
  let folder: string;
  let modelPath: string;
  let llama: Llama;
  let sequence: LlamaContextSequence;
  let vocabulary: Vocabulary;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-oracle-'));
    modelPath = path.join(folder, 'SmolLM2-135M.F32.gguf');
    await writeFirstBlocks(await fetchModel(), modelPath, { blocks: BLOCKS, type: 'F32' });
    vocabulary = (await readVocabulary(modelPath))!;
    const threads = await computeThreads(0);
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: threads });
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    sequence = (await model.createContext({ contextSize: 2048, threads, flashAttention: false })).getSequence();
  });
  after(async () => {
    await llama.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** Greedy steps after `prompt`, among all tokens or among those that `allowed` names. */
  async function referenceSteps(
    prompt: readonly number[],
    count: number,
    choose: (probabilities: ReadonlyMap<number, number>) => number,
  ): Promise<Step[]> {
    await sequence.clearHistory();
    const steps: Step[] = [];
    let next = [...prompt];
    while (steps.length < count) {
      const last = next.length - 1;
      const results = await sequence.controlledEvaluate(
        next.map((token, index) =>
          index === last
            ? [token as Token, { generateNext: { probabilities: true, options: { temperature: 0 } } }]
            : (token as Token),
        ),
      );
      const probabilities = results[last]!.next.probabilities as unknown as Map<number, number>;
      const token = choose(probabilities);
      steps.push({ token, probabilities });
      next = [token];
    }
    return steps;
  }

  /** Healing the slow way: every token of the vocabulary is compared with the rest of the required text. */
  function healedSteps(prompt: readonly number[], required: string, count: number): Promise<Step[]> {
    const all = Array.from({ length: vocabulary.size }, (_, token) => ({
      token,
      bytes: vocabulary.tokenBytes(token),
    })).filter(({ token }) => vocabulary.isText(token));
    let rest = Buffer.from(required);
    return referenceSteps(prompt, count, (probabilities) => {
      const token = rest.length > 0 ? likeliest(allowedTokens(rest, all), probabilities) : mostLikely(probabilities);
      rest = rest.subarray(Math.min(rest.length, vocabulary.tokenBytes(token).length));
      return token;
    });
  }

  const kept = new Map<string, Promise<Step[]>>();
  /** Computes the steps of a case once for both engines. */
  function once(name: string, steps: () => Promise<Step[]>): Promise<Step[]> {
    const found = kept.get(name) ?? steps();
    kept.set(name, found);
    return found;
  }

  for (const kind of ['chorus', 'llama'] as const)
    describe(kind, () => {
      let engine: LocalEngine;
      before(async () => {
        engine = new LocalEngine({ log: () => undefined });
        const loaded = await engine.load({
          modelPath,
          engine: kind === 'chorus' ? 'auto' : kind,
          device: 'cpu',
          threads: 0,
          contextSizeTokens: 2048,
        });
        assert.equal(loaded.engine, kind);
      });
      after(() => engine.dispose());

      const generate = async (
        tokens: readonly number[],
        changes: Partial<EngineGenerateParams>,
      ): ReturnType<LocalEngine['generate']> =>
        engine.generate({
          sequence: 'oracle',
          priority: 'completion',
          tokens,
          maxTokens: 24,
          sampling: { temperature: 0 },
          ...changes,
        });

      for (const [name, text] of [
        ['code', CODE],
        ['prose', PROSE],
        ['Chinese', '从前有一个小村庄，村里住着'],
      ] as const) {
        test(`greedily after ${name}`, async () => {
          const tokens = await engine.tokenize(text);
          const result = await generate(tokens, {});
          assertSame(result.tokens, await once(text, () => referenceSteps(tokens, 24, mostLikely)));
        });
      }

      const cases: readonly (readonly [prompt: string, required: string])[] = [
        ['def add(a, b):\n    retu', 'rn'],
        ['for (let i = 0; i < n; i++) {', '\n    '],
        ['const x', ' ='],
        ['print("Gr', 'ü'],
        ['The capital of Japan is', ' 東'],
        ['Happy birthday', ' 🎂'],
        ['x = [1, 2', ', zq7!'],
      ];
      for (const [prompt, required] of cases) {
        test(`healed after ${JSON.stringify(prompt)} with ${JSON.stringify(required)}`, async () => {
          const tokens = await engine.tokenize(prompt);
          const result = await generate(tokens, { requiredPrefix: required, maxTokens: 8 });
          assert.ok(result.text.startsWith(required), JSON.stringify(result.text));
          assertSame(result.tokens, await once(prompt + required, () => healedSteps(tokens, required, 8)));
        });
      }
    });
});

function mostLikely(probabilities: ReadonlyMap<number, number>): number {
  return [...probabilities.keys()][0]!;
}

/** Asserts the same tokens up to a close call, after which there is no reference. */
function assertSame(tokens: readonly number[], expected: readonly Step[]): void {
  const different = expected.findIndex(({ token }, step) => token !== tokens[step]);
  if (different < 0) return;
  const { token, probabilities } = expected[different]!;
  const gap = Math.log(probabilities.get(token)! / (probabilities.get(tokens[different]!) ?? 0));
  assert.ok(
    gap < CLOSE_CALL,
    `step ${different} of ${expected.length}: ${tokens[different]}, not ${token}, which is more likely by ${gap} nats`,
  );
}
