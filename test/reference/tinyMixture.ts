import { readFile } from 'node:fs/promises';
import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { Device } from '../../kernels/ggml/device.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import type { GgufEntry } from '../../sidecar/models/gguf/content.ts';
import type { ReferenceModel, ReferenceTensor } from './branchAttendMix.ts';
import { writeTinyModel } from './tinyModels.ts';

/** Sizes of the random mixtures. Head counts are per expert. */
export const tinyMixture = { width: 64, heads: 4, kvHeads: 2, headSize: 16, blocks: 2, experts: 3 } as const;

const text = (value: string): GgufEntry => ({ type: 'string', value });
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const keysOf = (cache: 'expert' | 'shared'): Record<string, GgufEntry> => ({
  block_kind: text('serial'),
  norm_kind: text('rms'),
  'rope.pairing': text('normal'),
  'attention.head_norm': { type: 'bool', value: false },
  block_count: count(tinyMixture.blocks),
  embedding_length: count(tinyMixture.width),
  feed_forward_length: count(96),
  'attention.head_count': count(tinyMixture.heads),
  'attention.head_count_kv': count(tinyMixture.kvHeads),
  expert_interval: count(1),
  expert_count: count(0),
  'attention.expert_count': count(tinyMixture.experts),
  'attention.expert_used_count': count(0),
  'attention.expert_cache': text(cache),
});

/** Writes a small random mixture of attention in float32. Returns the same network in plain loops. */
export async function writeTinyMixture(
  file: string,
  {
    cache,
    device,
    vocabulary,
  }: { cache: 'expert' | 'shared'; device: Device; vocabulary?: Readonly<Record<string, GgufEntry>> },
): Promise<ReferenceModel> {
  await writeTinyModel(file, {
    variant: 'chorus',
    type: 'F32',
    device,
    vocabulary,
    keys: keysOf(cache),
    omit: ['.bias'],
  });
  const [header, bytes] = [await readGgufHeader(file), await readFile(file)];
  const tensors = new Map(
    header.tensors.map(({ name, shape, offsetBytes, sizeBytes }): [string, ReferenceTensor] => {
      const start = header.dataOffsetBytes + offsetBytes;
      return [name, { shape, values: toFloat32('F32', bytes.subarray(start, start + sizeBytes), device.kind) }];
    }),
  );
  const { experts, ...sizes } = tinyMixture;
  return {
    ...sizes,
    tensors,
    cache,
    blockKind: 'serial',
    norm: 'rms',
    epsilon: 1e-5,
    pairing: 'normal',
    ropeBase: 10_000,
    headNorm: false,
    logitScale: 1,
    interval: 1,
    experts: 1,
    expertsUsed: 1,
    gateMode: 'faithful',
    attentionExperts: experts,
    attentionExpertsUsed: 0,
    leastMargin: 0,
  };
}
