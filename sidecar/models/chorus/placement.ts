import type { Device } from '../../../kernels/ggml/device.ts';
import { DeviceMemory, SplitMemory, type GraphMemory } from '../../../kernels/ggml/graphMemory.ts';
import type { WeightSpec } from '../architectures/architecture.ts';
import { formatBytes } from '../gguf/header.ts';

/** What of a model runs on the GPU where not all of it fits. */
export type Split =
  /** The last blocks, from this one on, with the embedding and the output; the first run on the processor. */
  | { readonly kind: 'blocks'; readonly firstGpuBlock: number }
  /** All but the experts of the mixtures: they are most of the bytes, and few of them are read for a token. */
  | { readonly kind: 'experts' };

/** Where the weights and caches of a model are. */
export interface Placement {
  /** The GPU, or the processor alone. */
  readonly device: Device;
  /** The processor, where it shares the model with a GPU. */
  readonly cpu?: Device;
  weightDevice(spec: Pick<WeightSpec, 'name' | 'use'>): Device;
  cacheDevice(block: number): Device;
}

/** All of a model on one device. */
export function onOneDevice(device: Device): Placement {
  return { device, weightDevice: () => device, cacheDevice: () => device };
}

/** A model shared between a GPU and the processor. */
export function onTwoDevices(gpu: Device, cpu: Device, split: Split): Placement {
  if (split.kind === 'experts') return { device: gpu, cpu, weightDevice: ({ use }) => (use === 'experts' ? cpu : gpu), cacheDevice: () => gpu };
  const deviceOf = (block: number): Device => (block < split.firstGpuBlock ? cpu : gpu);
  return { device: gpu, cpu, weightDevice: ({ name }) => deviceOf(blockOf(name) ?? Infinity), cacheDevice: deviceOf };
}

/** Memory for graphs that run where a placement says. */
export function graphMemoryOn({ device, cpu }: Placement): GraphMemory {
  return cpu ? new SplitMemory(device, cpu) : new DeviceMemory(device);
}

export interface SplitRequest {
  /** What the architecture reads, with the size that each tensor has in the file. */
  readonly weights: readonly (Pick<WeightSpec, 'name' | 'use'> & { readonly sizeBytes: number })[];
  readonly blockCount: number;
  /** Of all sequences. */
  readonly cacheBytesPerBlock: number;
  /** Intermediate results, and what is left free. */
  readonly reservedBytes: number;
  /** Of the GPU. */
  readonly freeBytes: number;
}

/** How to share a model that does not fit the GPU; `undefined` where not even its last block does. */
export function planSplit({ weights, blockCount, cacheBytesPerBlock, reservedBytes, freeBytes }: SplitRequest): Split | undefined {
  const sum = (kept: (spec: SplitRequest['weights'][number]) => boolean): number => weights.reduce((bytes, spec) => bytes + (kept(spec) ? spec.sizeBytes : 0), 0);
  const budget = freeBytes - reservedBytes;
  const hasExperts = weights.some(({ use }) => use === 'experts');
  if (hasExperts && sum(({ use }) => use !== 'experts') + cacheBytesPerBlock * blockCount <= budget) return { kind: 'experts' };
  let taken = sum(({ name }) => blockOf(name) === undefined);
  let firstGpuBlock = blockCount;
  while (firstGpuBlock > 0) {
    taken += sum(({ name }) => blockOf(name) === firstGpuBlock - 1) + cacheBytesPerBlock;
    if (taken > budget) break;
    firstGpuBlock--;
  }
  return firstGpuBlock === blockCount ? undefined : { kind: 'blocks', firstGpuBlock };
}

/** One sentence for the user. */
export function describeSplit(split: Split, { blockCount, freeBytes, neededBytes, device }: { blockCount: number; freeBytes: number; neededBytes: number; device: string }): string {
  const what =
    split.kind === 'experts'
      ? `${device} runs the attention, the processor the experts`
      : `${device} runs ${blockCount - split.firstGpuBlock} of ${blockCount} layers, the processor the others`;
  return `${what}: the whole model needs ${formatBytes(neededBytes)} there, ${formatBytes(freeBytes)} are free.`;
}

/** The block that a tensor belongs to, by its name. */
function blockOf(name: string): number | undefined {
  const match = /^blk\.(\d+)\./.exec(name);
  return match ? Number(match[1]) : undefined;
}
