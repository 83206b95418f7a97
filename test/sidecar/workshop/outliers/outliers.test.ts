import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { upcycle } from '../../../../sidecar/workshop/upcycle/upcycle.ts';
import { InputStatistics } from '../../../../sidecar/workshop/outliers/inputStatistics.ts';
import { outliers } from '../../../../sidecar/workshop/outliers/outliers.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import type { OutliersParams, OutliersResult } from '../../../../sidecar/workshop/protocol.ts';
import { uniform } from '../../../reference/gradientCheck.ts';
import { plainLlamaLogits, type PlainLlamaSizes } from '../../../reference/plainLlama.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** Vulkan devices that report float16 multiply matrices in it. That also moves values to other steps of the grid. */
const TOLERANCE = kind === 'cpu' ? 1e-4 : 1e-2;
const CONTEXT_TOKENS = 24;
const SAMPLE = 'let a = b[0]; // ädd aa bc\n';
const FEED_FORWARD = 96;
const sizes: PlainLlamaSizes = {
  blockCount: 2,
  width: 64,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  epsilon: 1e-5,
  ropeBase: 10_000,
  vocabularySize: TINY_VOCABULARY,
};
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const keys = {
  block_count: count(sizes.blockCount),
  embedding_length: count(sizes.width),
  feed_forward_length: count(FEED_FORWARD),
};

let folder: string;
let model: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-outliers-'));
  model = path.join(folder, 'model.gguf');
  using device = new Device(kind);
  await writeTinyModel(model, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary: tinyVocabulary(),
    keys,
    omit: ['.bias'],
  });
});
after(() => rm(folder, { recursive: true, force: true }));

function examine(
  changes: Partial<OutliersParams> = {},
  options: Parameters<typeof outliers>[1] = {},
): Promise<OutliersResult> {
  return outliers(
    {
      modelPath: model,
      sample: SAMPLE,
      maxTokens: 1_000,
      contextTokens: CONTEXT_TOKENS,
      device: kind,
      threads: 1,
      ...changes,
    },
    options,
  );
}

/** Symmetric absmax, written independently: rounds `x` to steps of its largest magnitude divided by `levels`. */
function onGrid(x: readonly number[], levels: number): number[] {
  const largest = Math.max(...x.map(Math.abs));
  return x.map((value) => (Math.round((value * levels) / largest) * largest) / levels);
}

const isRounded = (name: string): boolean => name.startsWith('blk.') && !name.includes('norm');

describe(`the cost of rounding a model on ${kind}`, () => {
  let result: OutliersResult;
  let weights: Map<string, number[]>;
  let tokens: number[];
  before(async () => {
    result = await examine();
    weights = await readTensors(model);
    // In the tiny vocabulary: pairs of a letter from a to g and a letter at most nine behind a; otherwise bytes.
    tokens = [];
    for (let index = 0; index < SAMPLE.length; index++) {
      const pair = tokenOf(SAMPLE.slice(index, index + 2));
      if (pair !== undefined) index++;
      tokens.push(...(pair === undefined ? Buffer.from(SAMPLE[index] as string, 'utf8') : [pair]));
    }
  });

  function tokenOf(text: string): number | undefined {
    const index = (tinyVocabulary()['tokenizer.ggml.tokens'] as { readonly value: readonly string[] }).value.indexOf(
      text,
    );
    return text.length === 2 && index >= 258 ? index : undefined;
  }

  const ways: readonly (readonly [name: string, weightLevels: number | undefined, inputLevels: number | undefined])[] =
    [
      ['float', undefined, undefined],
      ['W8A8', 127, 127],
      ['W8', 127, undefined],
      ['W4', 7, undefined],
      ['W4A8', 7, 127],
    ];
  for (const [name, weightLevels, inputLevels] of ways) {
    it(`${name}: the bits per byte equal plain loops in double precision`, () => {
      const rounded = new Map(
        [...weights].map(([tensor, values]) => [
          tensor,
          weightLevels && isRounded(tensor) ? byRows(tensor, values, weightLevels) : values,
        ]),
      );
      let bits = 0;
      for (let start = 0; start < tokens.length; start += CONTEXT_TOKENS) {
        const chunk = tokens.slice(start, start + CONTEXT_TOKENS);
        const logits = plainLlamaLogits(
          sizes,
          rounded,
          chunk.slice(0, -1),
          chunk.map(() => 0),
          inputLevels === undefined ? {} : { productInput: (x) => onGrid(x, inputLevels) },
        );
        logits.forEach((row, position) => (bits -= logProbability(row, chunk[position + 1] as number) / Math.LN2));
      }
      const chunks = Math.ceil(tokens.length / CONTEXT_TOKENS);
      assert.equal(result.tokens, tokens.length - chunks);
      const firsts = tokens
        .filter((_, index) => index % CONTEXT_TOKENS === 0)
        .reduce((sum, token) => sum + (token < 256 ? 1 : 2), 0);
      assert.equal(result.bytes, Buffer.byteLength(SAMPLE) - firsts);
      const actual = result.evaluations.find((evaluation) => evaluation.name === name)?.bitsPerByte as number;
      assert.ok(Math.abs(actual / (bits / result.bytes) - 1) < TOLERANCE, `${actual}, expected ${bits / result.bytes}`);
    });
  }

  const byRows = (name: string, values: readonly number[], levels: number): number[] => {
    const columns = name.includes('ffn_down') ? FEED_FORWARD : sizes.width;
    return Array.from({ length: values.length / columns }, (_, row) =>
      onGrid(values.slice(row * columns, (row + 1) * columns), levels),
    ).flat();
  };

  it('is given relative to the model in float32', () => {
    const [float, ...others] = result.evaluations.map(({ bitsPerByte }) => bitsPerByte) as [number, ...number[]];
    assert.deepEqual(
      result.evaluations.map(({ name }) => name),
      ways.map(([name]) => name),
    );
    others.forEach((value, index) =>
      assert.ok(Math.abs((result.evaluations[index + 1]?.change as number) - (value / float - 1)) < 1e-12),
    );
  });

  it("includes figures of each layer's inputs that equal plain loops", () => {
    const seen = new Map<string, number[][]>();
    for (let start = 0; start < tokens.length; start += CONTEXT_TOKENS) {
      const chunk = tokens.slice(start, start + CONTEXT_TOKENS);
      const productInput = (x: readonly number[], name: string): readonly number[] => {
        seen.set(name, [...(seen.get(name) ?? []), [...x]]);
        return x;
      };
      plainLlamaLogits(
        sizes,
        weights,
        chunk,
        chunk.map(() => 0),
        { productInput },
      );
    }
    const layers = ['attn_q attn_k attn_v', 'attn_output', 'ffn_gate ffn_up', 'ffn_down'];
    assert.deepEqual(
      result.inputs.map(({ matrices }) => [...matrices].sort()),
      [0, 1].flatMap((block) =>
        layers.map((names) =>
          names
            .split(' ')
            .map((name) => `blk.${block}.${name}.weight`)
            .sort(),
        ),
      ),
    );
    for (const { matrices, kurtosis, rms, largest, roundingError, relativeError } of result.inputs) {
      const rows = seen.get(matrices[0] as string) as number[][];
      const values = rows.flat();
      const mean = (of: (value: number) => number): number =>
        values.reduce((sum, value) => sum + of(value), 0) / values.length;
      const centre = mean((value) => value);
      const size = Math.sqrt(mean((value) => value ** 2));
      const errors = rows.flatMap((row) => onGrid(row, 127).map((value, index) => value - (row[index] as number)));
      const expected = [
        mean((value) => (value - centre) ** 4) / mean((value) => (value - centre) ** 2) ** 2 - 3,
        size,
        Math.max(...values.map(Math.abs)) / size,
        Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length),
      ] as const;
      [kurtosis, rms, largest, roundingError].forEach((value, index) =>
        assert.ok(
          Math.abs(value - (expected[index] as number)) <=
            20 * TOLERANCE * Math.max(1e-2, Math.abs(expected[index] as number)),
          `${matrices[0]}: ${value}, expected ${expected[index]}`,
        ),
      );
      assert.ok(Math.abs(relativeError - roundingError / rms) < 1e-12);
    }
  });

  it('includes the spread of gains and the spectral norm of each matrix', () => {
    assert.equal(result.norms.length, 2 * sizes.blockCount + 1);
    for (const { name, mean, spread } of result.norms) {
      const gains = weights.get(name) as number[];
      const expected = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
      assert.ok(Math.abs(mean - expected) < 1e-6);
      assert.ok(
        Math.abs(spread - Math.sqrt(gains.reduce((sum, gain) => sum + (gain - expected) ** 2, 0) / gains.length)) <
          1e-6,
      );
    }
    assert.equal(result.matrices.length, 7 * sizes.blockCount);
    // A random matrix with a deviation of 1 ⁄ √columns has a norm near 1 + √(rows ⁄ columns).
    for (const { name, spectralNorm } of result.matrices) {
      const columns = name.includes('ffn_down') ? FEED_FORWARD : sizes.width;
      const rows = (weights.get(name)?.length as number) / columns;
      assert.ok(Math.abs(spectralNorm / (1 + Math.sqrt(rows / columns)) - 1) < 0.15, `${name}: ${spectralNorm}`);
    }
  });
});

describe('kurtosis', () => {
  it('is −2 for two values, −6 ⁄ 5n for sums of n uniform values, and large with an outlier', () => {
    const kurtosis = (values: readonly number[]): number => {
      const statistics = new InputStatistics();
      statistics.add(Float32Array.from(values), values.length);
      return statistics.figures.kurtosis;
    };
    assert.ok(Math.abs(kurtosis(Array.from({ length: 1_000 }, (_, index) => (index < 500 ? 1 : -1))) + 2) < 1e-6);
    assert.ok(kurtosis(Array.from({ length: 1_000 }, (_, index) => (index === 0 ? 100 : 0))) > 900);
    for (const terms of [1, 12]) {
      const random = uniform(1);
      const sums = Array.from({ length: 50_000 }, () =>
        Array.from({ length: terms }, random).reduce((sum, value) => sum + value, 3),
      );
      assert.ok(Math.abs(kurtosis(sums) + 6 / (5 * terms)) < 0.05, `${kurtosis(sums)} of ${terms}`);
    }
  });
});

describe('a mixture', () => {
  it('is analysed expert by expert', async () => {
    const mixture = path.join(folder, 'mixture.gguf');
    await upcycle({
      modelPaths: [model, model],
      outputPath: mixture,
      dense: false,
      cache: 'shared',
      expertsUsed: 1,
      gateMode: 'renormalised',
      attention: 'soft',
      interval: 1,
      gates: { kind: 'random', seed: 1 },
    });
    const [mixed, dense] = [await examine({ modelPath: mixture }), await examine()];
    assert.ok(
      Math.abs((mixed.evaluations[0]?.bitsPerByte as number) / (dense.evaluations[0]?.bitsPerByte as number) - 1) <
        TOLERANCE,
    );
    const norms = (result: OutliersResult, name: string): number | undefined =>
      result.matrices.find((matrix) => matrix.name === name)?.spectralNorm;
    assert.ok(
      Math.abs((norms(mixed, 'blk.1.ffn_up_exps.weight') as number) - (norms(dense, 'blk.1.ffn_up.weight') as number)) <
        1e-3,
    );
    assert.deepEqual(
      mixed.matrices.filter(({ name }) => name.includes('gate_inp')),
      [],
    );
  });
});

describe('an analysis of outliers', () => {
  it('describes problems of the text or the chunks', async () => {
    await assert.rejects(
      examine({ sample: '' }),
      (error: unknown) => error instanceof TroubleError && /too short/.test(error.message),
    );
    await assert.rejects(
      examine({ contextTokens: 4_096 }),
      (error: unknown) => error instanceof TroubleError && /trained on at most 512 tokens/.test(error.message),
    );
    await assert.rejects(
      examine({ modelPath: path.join(folder, 'gone.gguf') }),
      (error: unknown) => error instanceof TroubleError && error.code === 'model-not-found',
    );
  });

  it('reports its progress, and ends when its signal aborts', async () => {
    const abort = new AbortController();
    const shares: number[] = [];
    await assert.rejects(
      examine({}, { signal: abort.signal, onProgress: ({ share }) => void (shares.push(share) > 3 && abort.abort()) }),
      { name: 'AbortError' },
    );
    assert.ok(
      shares.every((share, index) => share >= (shares[index - 1] ?? 0) && share < 1),
      shares.join(' '),
    );
  });
});

function logProbability(logits: readonly number[], token: number): number {
  const most = Math.max(...logits);
  return (logits[token] as number) - most - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}
