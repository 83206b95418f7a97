import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { validateModel } from '../../../../sidecar/models/gguf/validate.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import {
  branchAttendMix,
  UndecidedError,
  type ReferenceModel,
  type ReferenceTensor,
} from '../../../reference/branchAttendMix.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { HeldResources } from '../../../reference/heldResources.ts';
import { inputRounding } from '../../../reference/roundInput.ts';
import { replaceKey } from '../ggufFile.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const mostTypes: readonly TensorType[] = ['F32', 'F16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q4_K'];
const everyType: readonly TensorType[] = [...mostTypes, 'BF16', 'Q6_K', 'Q5_K', 'Q5_1', 'Q5_0', 'IQ4_NL'];
/** A type that every device computes unchanged, and a type that the CPU repacks. */
const twoTypes: readonly TensorType[] = ['F32', 'Q4_0'];
const CONTEXT_TOKENS = 512;
/**
 * By how much gates must differ so that rounding can't change the choice: of float32, and of inputs in eight bits
 * beside quantised weights.
 */
const MARGINS = { float: 1e-5, rounded: 0.01 } as const;
const BLOCKS = 2;
/** The number of tokens; fewer where every choice must be clear. */
const LENGTHS = { float: 40, rounded: 12 } as const;
/** The number of tokens for unusual shapes, which have the same choices. */
const SHORT_LENGTH = 20;
const sequence = Array.from({ length: LENGTHS.float }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);

/** The options of a case. The sizes are those of `writeTinyModel`. */
type Options = Omit<
  ReferenceModel,
  'tensors' | 'leastMargin' | 'blocks' | 'width' | 'heads' | 'kvHeads' | 'headSize' | 'ropeBase' | 'epsilon'
>;
const serial: Options = {
  blockKind: 'serial',
  norm: 'rms',
  pairing: 'normal',
  headNorm: false,
  logitScale: 1,
  interval: 1,
  experts: 3,
  expertsUsed: 1,
  gateMode: 'renormalised',
  attentionExperts: 3,
  attentionExpertsUsed: 0,
  cache: 'expert',
};
const parallel: Options = { ...serial, blockKind: 'parallel', norm: 'layer', gateMode: 'faithful', logitScale: 0.0625 };

const BIASES = ['.bias'];

/** Sizes for heads of 16 elements, and the matching width. */
const sizes = (blocks: number, heads: number, kvHeads: number): Record<string, GgufEntry> =>
  Object.fromEntries(
    Object.entries({
      block_count: blocks,
      embedding_length: heads * 16,
      feed_forward_length: heads * 24,
      'attention.head_count': heads,
      'attention.head_count_kv': kvHeads,
    }).map(([key, value]) => [key, { type: 'u32', value }]),
  );

const cases: readonly {
  readonly name: string;
  readonly options: Options;
  readonly omit?: readonly string[];
  readonly types?: readonly TensorType[];
  readonly keys?: Readonly<Record<string, GgufEntry>>;
}[] = [
  {
    name: "the paper's block: parallel, top-1 as it is, soft attention, a cache per expert",
    options: parallel,
    omit: BIASES,
    types: everyType,
  },
  {
    name: "the paper's block with a shared cache",
    options: { ...parallel, cache: 'shared' },
    omit: BIASES,
    types: mostTypes,
  },
  { name: 'serial blocks with biases', options: serial, types: mostTypes },
  { name: 'serial blocks with biases and a shared cache', options: { ...serial, cache: 'shared' }, types: mostTypes },
  { name: 'the best two of three attention experts', options: { ...serial, attentionExpertsUsed: 2 } },
  {
    name: 'the best attention expert alone, with a shared cache',
    options: { ...parallel, attentionExpertsUsed: 1, cache: 'shared' },
  },
  {
    name: 'the best attention expert alone, its gate times three',
    options: { ...serial, attentionExpertsUsed: 1, attentionGateMode: 'scaled' },
  },
  {
    name: 'the best two attention experts, gates as they are',
    options: { ...parallel, attentionExpertsUsed: 2, attentionGateMode: 'faithful' },
  },
  {
    name: 'two of four experts, gates times four',
    options: { ...serial, experts: 4, expertsUsed: 2, gateMode: 'scaled' },
  },
  {
    name: 'per-head norms and neox rope, a shared cache',
    options: { ...serial, headNorm: true, pairing: 'neox', cache: 'shared' },
    omit: BIASES,
  },
  { name: 'per-head layer norms', options: { ...parallel, headNorm: true } },
  { name: 'experts in every second block', options: { ...serial, interval: 2 } },
  {
    name: 'experts in every second block, a shared cache, parallel',
    options: { ...parallel, interval: 2, cache: 'shared' },
  },
  { name: 'only feed-forward experts', options: { ...serial, attentionExperts: 1 } },
  { name: 'only attention experts', options: { ...serial, experts: 1 } },
  { name: 'no experts, serial', options: { ...serial, experts: 1, attentionExperts: 1 } },
  {
    name: 'no experts, parallel, per-head norms',
    options: { ...parallel, headNorm: true, experts: 1, attentionExperts: 1 },
  },
  { name: 'one layer, one head', options: serial, keys: sizes(1, 1, 1), types: ['F32'] },
  {
    name: 'one layer, groups of five, a shared cache',
    options: { ...parallel, cache: 'shared' },
    keys: sizes(1, 5, 1),
    types: ['F32'],
  },
  {
    name: 'groups of seven, per-head norms, a shared cache',
    options: { ...serial, headNorm: true, cache: 'shared' },
    keys: sizes(2, 7, 1),
    types: ['F32'],
  },
  {
    name: 'three heads without groups, the best of five attention experts',
    options: { ...serial, attentionExperts: 5, attentionExpertsUsed: 1 },
    keys: sizes(2, 3, 3),
    types: ['F32'],
  },
  {
    name: 'experts only in the last of three layers, groups of five',
    options: { ...parallel, interval: 3 },
    keys: sizes(3, 5, 1),
    types: ['F32'],
  },
];

function keysOf(options: Options): Record<string, GgufEntry> {
  const text = (value: string): GgufEntry => ({ type: 'string', value });
  const count = (value: number): GgufEntry => ({ type: 'u32', value });
  return {
    block_kind: text(options.blockKind),
    norm_kind: text(options.norm),
    'attention.layer_norm_epsilon': { type: 'f32', value: 1e-5 },
    'rope.pairing': text(options.pairing),
    'attention.head_norm': { type: 'bool', value: options.headNorm },
    logit_scale: { type: 'f32', value: options.logitScale },
    expert_interval: count(options.interval),
    expert_count: count(options.experts),
    expert_used_count: count(options.expertsUsed),
    expert_gate_mode: text(options.gateMode),
    'attention.expert_count': count(options.attentionExperts),
    'attention.expert_used_count': count(options.attentionExpertsUsed),
    ...(options.attentionGateMode ? { 'attention.expert_gate_mode': text(options.attentionGateMode) } : {}),
    'attention.expert_cache': text(options.cache),
  };
}

/** The weights that the graphs read, including quantisation. */
async function referenceOf(file: string, options: Options, precision: keyof typeof MARGINS): Promise<ReferenceModel> {
  const header = await readGgufHeader(file);
  const bytes = await readFile(file);
  const tensors = new Map<string, ReferenceTensor>();
  for (const { name, shape, type, offsetBytes, sizeBytes } of header.tensors) {
    const start = header.dataOffsetBytes + offsetBytes;
    const values = toFloat32(type as TensorType, bytes.subarray(start, start + sizeBytes), kind);
    tensors.set(name, { shape, values, roundInput: kind === 'cpu' ? inputRounding(type as TensorType) : undefined });
  }
  const number = (key: string): number => header.metadata.get(`chorus.${key}`) as number;
  const heads = number('attention.head_count');
  return {
    ...options,
    tensors,
    leastMargin: MARGINS[precision],
    blocks: number('block_count'),
    width: number('embedding_length'),
    heads,
    kvHeads: number('attention.head_count_kv'),
    headSize: number('embedding_length') / heads,
    ropeBase: number('rope.freq_base'),
    epsilon: 1e-5,
  };
}

/** The result for the first seed of routers after `start` with which every router decides clearly. */
async function decided<Result>(start: number, attempt: (seed: number) => Promise<Result>): Promise<Result> {
  for (let seed = start + 1; seed < start + 1_000; seed++) {
    try {
      return await attempt(seed);
    } catch (error) {
      if (!(error instanceof UndecidedError)) throw error;
    }
  }
  throw new Error(`No seed after ${start} decides clearly.`);
}

describe(`the architecture chorus on ${kind} equals plain loops:`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-architecture-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [index, { name, options, omit, types = twoTypes, keys: sized }] of cases.entries()) {
    for (const type of types) {
      it(`${name}, in ${type}`, async () => {
        // Each test gets its own device, as a model does: lavapipe corrupts its memory if a device outlives the buffers
        // of several models.
        using device = new Device(kind, { threads: 2 });
        const file = path.join(folder, 'model.gguf');
        const precision = type === 'F32' && kind === 'cpu' ? 'float' : 'rounded';
        const tokens = sequence.slice(0, sized ? SHORT_LENGTH : LENGTHS[precision]);
        const keys = { ...keysOf(options), block_count: { type: 'u32', value: BLOCKS } as const, ...sized };
        const expected = await decided(1_000 * index, async (seed) => {
          await writeTinyModel(file, { variant: 'chorus', type, device, routerSeed: seed, keys, omit });
          return branchAttendMix(await referenceOf(file, options, precision), tokens).map((row) =>
            Float32Array.from(row),
          );
        });
        using network = await openNetwork(file, {
          placement: onOneDevice(device),
          capacityTokens: CONTEXT_TOKENS,
          cacheType: 'F32',
        });
        for (const chunkTokens of [tokens.length, 7]) {
          const actual = await network.logits(tokens, { chunkTokens });
          const { normalisedSquaredError, meanDivergence, argmaxDisagreements } = compareLogits(
            actual,
            expected,
            TINY_VOCABULARY,
          );
          const how = `in chunks of ${chunkTokens}`;
          if (kind === 'cpu' && type === 'F32')
            assert.ok(normalisedSquaredError <= 1e-9, `${how}: normalised squared error ${normalisedSquaredError}`);
          assert.ok(meanDivergence <= 1e-3, `${how}: mean divergence ${meanDivergence}`);
          assert.deepEqual(argmaxDisagreements, [], `${how}: other best tokens`);
        }
      });
    }
  }
});

describe('a file of the architecture chorus', () => {
  let folder: string;
  let device: Device;
  const devices = new HeldResources(kind);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-keys-'));
    device = devices.use(new Device(kind, { threads: 1 }));
  });
  after(async () => {
    devices[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const plans: readonly (readonly [
    name: string,
    options: Partial<Options>,
    cachedHeads: number,
    queryHeads: number,
  ])[] = [
    ['a cache per expert', { cache: 'expert' }, 4 * 3 * 2, 4 * 3 * 4],
    ['a shared cache', { cache: 'shared' }, 4 * 2, 4 * 3 * 4],
    ['experts in every second block', { cache: 'expert', interval: 2 }, 2 * 3 * 2 + 2 * 2, 2 * 3 * 4 + 2 * 4],
    ['no attention experts', { attentionExperts: 1 }, 4 * 2, 4 * 4],
  ];
  for (const [name, options, cachedHeads, queryHeads] of plans) {
    it(`plans the memory that the cache takes for ${name}`, async () => {
      const file = path.join(folder, 'plan.gguf');
      await writeTinyModel(file, {
        variant: 'chorus',
        type: 'F32',
        device,
        vocabulary: tinyVocabulary(),
        keys: keysOf({ ...serial, ...options }),
      });
      const shape = validateModel(await readGgufHeader(file));
      assert.equal(shape.cacheElementsPerToken, cachedHeads * 2 * 64);
      assert.equal(shape.queryElementsPerToken, queryHeads * 64);
      using resources = new HeldResources(kind);
      const network = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
      void network.sequence.layers;
      assert.equal(network.sequence.sizeBytes, shape.cacheElementsPerToken * 2 * 256);
    });
  }

  const wrong: readonly (readonly [what: string, key: string, entry: GgufEntry, says: RegExp])[] = [
    [
      'another kind of block',
      'block_kind',
      { type: 'string', value: 'spiral' },
      /chorus\.block_kind is "spiral", expected serial or parallel/,
    ],
    [
      'a gate mode that does not exist',
      'expert_gate_mode',
      { type: 'string', value: 'loud' },
      /chorus\.expert_gate_mode is "loud", expected faithful or renormalised or scaled/,
    ],
    [
      'a gate mode of attention that does not exist',
      'attention.expert_gate_mode',
      { type: 'string', value: 'loud' },
      /chorus\.attention\.expert_gate_mode is "loud", expected faithful or renormalised or scaled/,
    ],
    [
      'more attention experts used than there are',
      'attention.expert_used_count',
      { type: 'u32', value: 7 },
      /7 of 3 attention experts/,
    ],
    [
      'an expert interval above the number of blocks',
      'expert_interval',
      { type: 'u32', value: 9 },
      /chorus\.expert_interval is 9, expected a whole number from 1 to 4/,
    ],
    [
      'a flag that is not a boolean',
      'attention.head_norm',
      { type: 'u32', value: 1 },
      /chorus\.attention\.head_norm is 1, expected true or false/,
    ],
  ];
  for (const [what, key, entry, says] of wrong) {
    it(`is refused with ${what}`, async () => {
      const file = path.join(folder, 'wrong.gguf');
      await writeTinyModel(file, { variant: 'chorus', type: 'F32', device, keys: keysOf(serial) });
      await replaceKey(file, `chorus.${key}`, entry);
      await assert.rejects(
        openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }),
        (error: unknown) => error instanceof TroubleError && error.code === 'invalid-model' && says.test(error.message),
      );
    });
  }
});
