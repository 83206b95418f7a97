import type { WeightSpec } from '../../architectures/architecture.ts';
import { formatBytes } from '../../gguf/header.ts';

/** What of a model runs on the GPU where not all of it fits. */
export type Split =
  /** The last blocks, from this one on, with the embedding and the output; the first run on the processor. */
  | { readonly kind: 'blocks'; readonly firstGpuBlock: number }
  /** All but the experts of the mixtures: they are most of the bytes, and few of them are read for a token. */
  | { readonly kind: 'experts' };

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

/** One sentence for the user. */
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

/** The block that a tensor belongs to, by its name. */
export function blockOf(name: string): number | undefined {
  const match = /^blk\.(\d+)\./.exec(name);
  return match ? Number(match[1]) : undefined;
}
