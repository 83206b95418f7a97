import type { WeightSpec } from '../../architectures/architecture.ts';
import { formatBytes } from '../../gguf/header.ts';

/** The part of a model that runs on a GPU if not all of it fits. */
export type Split =
  /** The last blocks, from this one on, with embedding and output; the first blocks run on the processor. */
  | { readonly kind: 'blocks'; readonly firstGpuBlock: number }
  /** Everything except the experts of mixtures. They are most of the bytes, and a token reads few of them. */
  | { readonly kind: 'experts' };

export interface SplitRequest {
  /** The tensors that the architecture reads, with their size in the file. */
  readonly weights: readonly (Pick<WeightSpec, 'name' | 'use'> & { readonly sizeBytes: number })[];
  readonly blockCount: number;
  /** For all sequences. */
  readonly cacheBytesPerBlock: number;
  /** For intermediate results, and the bytes to leave free. */
  readonly reservedBytes: number;
  /** On the GPU. */
  readonly freeBytes: number;
}

/** Decides how to share a model that does not fit the GPU. Returns `undefined` if not even its last block fits. */
export function planSplit({
  weights,
  blockCount,
  cacheBytesPerBlock,
  reservedBytes,
  freeBytes,
}: SplitRequest): Split | undefined {
  const sum = (kept: (spec: SplitRequest['weights'][number]) => boolean): number =>
    weights.reduce((bytes, spec) => bytes + (kept(spec) ? spec.sizeBytes : 0), 0);
  const budget = freeBytes - reservedBytes;
  const hasExperts = weights.some(({ use }) => use === 'experts');
  if (hasExperts && sum(({ use }) => use !== 'experts') + cacheBytesPerBlock * blockCount <= budget)
    return { kind: 'experts' };
  let taken = sum(({ name }) => blockOf(name) === undefined);
  let firstGpuBlock = blockCount;
  while (firstGpuBlock > 0) {
    taken += sum(({ name }) => blockOf(name) === firstGpuBlock - 1) + cacheBytesPerBlock;
    if (taken > budget) break;
    firstGpuBlock--;
  }
  return firstGpuBlock === blockCount ? undefined : { kind: 'blocks', firstGpuBlock };
}

/** Describes a split in a sentence for the user. */
export function describeSplit(
  split: Split,
  {
    blockCount,
    freeBytes,
    neededBytes,
    device,
  }: { blockCount: number; freeBytes: number; neededBytes: number; device: string },
): string {
  const what =
    split.kind === 'experts'
      ? `${device} runs the attention, the processor the experts`
      : `${device} runs ${blockCount - split.firstGpuBlock} of ${blockCount} layers, the processor the others`;
  return `${what}: the whole model needs ${formatBytes(neededBytes)} there, ${formatBytes(freeBytes)} are free.`;
}

/** Returns the block of a tensor, by its name. */
export function blockOf(name: string): number | undefined {
  const match = /^blk\.(\d+)\./.exec(name);
  return match ? Number(match[1]) : undefined;
}
