import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { MIXTURE_FORMS } from '../../../../sidecar/models/adapters/expertMixture.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import type { LowRankUpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import { upcycleLowRank } from '../../../../sidecar/workshop/upcycle/lowRank/upcycleLowRank.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { plainLlamaLogits, type PlainHooks } from '../../../reference/plainLlama.ts';
import { plainMixture, plainProduct } from '../../../reference/plainMixture.ts';
import { plainRidge } from '../../../reference/plainRidge.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { writeTinyAdapter, type TinyAdapterOptions } from '../../../reference/tinyAdapters.ts';
import { TINY_LLAMA, TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const WIDTH = TINY_LLAMA.width;
const BEGINNING = 256;
const LETTERS = ['THE CAT SEES A BIRD', 'A BIRD SINGS TO THE CAT', 'RAIN FALLS IN THE NIGHT', 'WE READ AND WE SING'];
const DIGITS = ['(12+34)*56=2576;', '7*(81-9)/3=168;', '[90,12,55]=>{44};', '<61|23>&&!(8^5);'];

describe('upcycling adapters to a mixture of low-rank experts', () => {
  let folder: string;
  let device: Device;
  let base: string;
  /** Of letters and of digits, with other ranks, scales and matrices. */
  let adapters: readonly string[];
  let weights: ReadonlyMap<string, number[]>;
  const at = (name: string): string => path.join(folder, name);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-upcycle-low-rank-'));
    device = new Device('cpu', { threads: 2 });
    base = at('base.gguf');
    await writeTinyModel(base, {
      variant: 'llama',
      type: 'F32',
      device,
      omit: ['.bias'],
      vocabulary: { ...tinyVocabulary(), 'tokenizer.ggml.add_bos_token': { type: 'bool', value: true } },
    });
    weights = await readTensors(base);
    adapters = [
      await adapter('letters.gguf', { rank: 3, alpha: 4.5, seed: 5 }),
      await adapter('digits.gguf', { rank: 5, alpha: 0, seed: 6, matrices: ['attn_q', 'attn_output', 'ffn_down'] }),
    ];
    await writeTexts('letters', LETTERS);
    await writeTexts('digits', DIGITS);
  });
  after(async () => {
    device[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function adapter(name: string, options: TinyAdapterOptions): Promise<string> {
    await writeTinyAdapter(at(name), base, options);
    return at(name);
  }

  async function writeTexts(name: string, texts: readonly (string | Buffer)[]): Promise<void> {
    await mkdir(at(name), { recursive: true });
    for (const [index, text] of texts.entries()) await writeFile(path.join(at(name), `${index}.txt`), text);
  }

  const filesIn = async (name: string): Promise<readonly string[]> =>
    (await readdir(at(name))).map((file) => path.join(at(name), file));

  async function make(changes: Partial<LowRankUpcycleParams> = {}): ReturnType<typeof upcycleLowRank> {
    return upcycleLowRank({
      basePath: base,
      outputPath: at('mixture.gguf'),
      experts: ['letters', 'digits'].map((name, index) => ({ name, path: adapters[index] as string })),
      rank: 2,
      expertsUsed: 0,
      gateMode: 'renormalised',
      form: 'projections',
      gates: { kind: 'zero' },
      ...changes,
    });
  }

  /** Gates in closed form; expert 0 has no texts. */
  const closedForm = async (
    changes: Partial<Extract<LowRankUpcycleParams['gates'], { kind: 'closed-form' }>> = {},
  ): Promise<LowRankUpcycleParams['gates']> => ({
    kind: 'closed-form',
    texts: [
      { name: 'base', files: [] },
      { name: 'letters', files: await filesIn('letters') },
      { name: 'digits', files: await filesIn('digits') },
    ],
    maxTokens: 1_000,
    maxTextTokens: 100,
    lambda: 0.01,
    temperature: 0.1,
    ...changes,
  });

  /** Texts without the vocabulary's pairs of small letters: a token for each byte. */
  const tokensOf = (text: string): number[] => [...Buffer.from(text)];

  /** The inputs of a block's router for a text, without its beginning. */
  function plainInputs(text: string, block: number): number[][] {
    const inputs: number[][] = [];
    const onNorm: PlainHooks['onNorm'] = (x, name, position) => {
      if (position > 0 && name === `blk.${block}.attn_norm.weight`) inputs.push([...x]);
    };
    const tokens = [BEGINNING, ...tokensOf(text)];
    plainLlamaLogits(
      TINY_LLAMA,
      weights,
      tokens,
      tokens.map(() => 0),
      { onNorm },
    );
    return inputs;
  }

  async function logits(tokens: readonly number[], adapter?: string): Promise<Float32Array> {
    using network = await openNetwork(base, {
      placement: onOneDevice(device),
      capacityTokens: 256,
      ...(adapter === undefined ? {} : { adapters: [adapter] }),
    });
    return await network.logits(tokens, { chunkTokens: 64 });
  }

  it('computes what an adapter computes if its gate is 1, whatever its rank, scale and matrices', async () => {
    const made = await make();
    assert.deepEqual([made.experts.map(({ name }) => name), made.blocks], [['base', 'letters', 'digits'], 4]);
    const factors = await readTensors(made.outputPath);
    const tokens = tokensOf('THE 12 CATS');
    for (const [index, expected] of [undefined, ...adapters].entries()) {
      const { hooks } = plainMixture(factors, { experts: 2, scale: 1, forced: index });
      const starts = tokens.map(() => 0);
      const rows = plainLlamaLogits(TINY_LLAMA, weights, tokens, starts, hooks).map((row) => Float32Array.from(row));
      const { normalisedSquaredError } = compareLogits(await logits(tokens, expected), rows, TINY_VOCABULARY);
      assert.ok(normalisedSquaredError <= 1e-5, `expert ${index}: ${normalisedSquaredError}`);
    }
  });

  for (const form of MIXTURE_FORMS)
    it(`gives equal gates by routers of zero to the ${form}, as plain loops compute them`, async () => {
      const { outputPath } = await make({ form });
      const factors = await readTensors(outputPath);
      assert.ok(factors.get('blk.2.lora_gate_inp.weight')?.every((value) => value === 0));
      const tokens = tokensOf('12 BIRDS');
      const { hooks } = plainMixture(factors, { experts: 2, scale: 1, isAttention: form === 'attention' });
      const starts = tokens.map(() => 0);
      const rows = plainLlamaLogits(TINY_LLAMA, weights, tokens, starts, hooks).map((row) => Float32Array.from(row));
      const { normalisedSquaredError } = compareLogits(await logits(tokens, outputPath), rows, TINY_VOCABULARY);
      assert.ok(normalisedSquaredError <= 1e-5, `${normalisedSquaredError}`);
    });

  it('makes the same random routers from the same seed', async () => {
    const routers = async (seed: number): Promise<readonly number[] | undefined> =>
      (await readTensors((await make({ gates: { kind: 'random', seed } })).outputPath)).get(
        'blk.1.lora_gate_inp.weight',
      );
    assert.deepEqual(await routers(3), await routers(3));
    assert.notDeepEqual(await routers(3), await routers(4));
  });

  it('fits routers to hidden states as plain loops do', async () => {
    // A large λ, since the cache rounds what later blocks read.
    for (const { block, lambda, tolerance } of [
      { block: 0, lambda: 0.01, tolerance: 1e-3 },
      { block: 2, lambda: 10, tolerance: 1e-2 },
    ]) {
      const { outputPath, experts } = await make({ gates: await closedForm({ lambda, temperature: 0.5 }) });
      const inputs = [LETTERS, DIGITS].map((texts) => texts.flatMap((text) => plainInputs(text, block)));
      assert.deepEqual(experts, [
        { name: 'base', texts: 0, tokens: 0 },
        { name: 'letters', texts: 4, tokens: inputs[0]?.length },
        { name: 'digits', texts: 4, tokens: inputs[1]?.length },
      ]);
      const classOf = inputs.flatMap((rows, index) => rows.map(() => index + 1));
      const expected = plainRidge(inputs.flat(), classOf, { classes: 3, lambda });
      const router = (await readTensors(outputPath)).get(`blk.${block}.lora_gate_inp.weight`) as number[];
      for (const [row, weightsOf] of expected.entries()) {
        const largest = Math.max(...weightsOf.map(Math.abs));
        weightsOf.forEach((value, column) => {
          const found = 0.5 * (router[row * WIDTH + column] as number);
          assert.ok(Math.abs(found - value) <= tolerance * largest, `${block}, ${row}, ${column}: ${found}, ${value}`);
        });
      }
    }
  });

  it('prefers the expert whose texts are like a text', async () => {
    const { outputPath } = await make({ gates: await closedForm() });
    const routers = await readTensors(outputPath);
    for (const [text, right] of [
      ['BIRDS SING AT NIGHT', 1],
      ['{27*(65-3)}>=1;', 2],
    ] as const)
      for (let block = 0; block < TINY_LLAMA.blockCount; block++) {
        const router = routers.get(`blk.${block}.lora_gate_inp.weight`) as number[];
        const mean = meanGates(plainInputs(text, block).map((input) => plainProduct(router, input)));
        mean.forEach((gate, expert) => {
          if (expert !== right)
            assert.ok((mean[right] as number) > gate + 0.2, `${text}, block ${block}: ${mean.join(', ')}`);
        });
      }
  });
});

function meanGates(scores: readonly (readonly number[])[]): number[] {
  const gates = scores.map((row) => {
    const exponentials = row.map(Math.exp);
    const sum = exponentials.reduce((all, value) => all + value, 0);
    return exponentials.map((value) => value / sum);
  });
  return gates[0]!.map((_, expert) => gates.reduce((sum, row) => sum + row[expert]!, 0) / gates.length);
}
