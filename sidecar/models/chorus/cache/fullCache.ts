import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { SequenceRows } from '../../backend.ts';
import type { Network } from '../network/network.ts';
import type { AttendedCache, ForwardOptions, RowsKind } from './attendedCache.ts';
import { CacheRows } from './cacheRows.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** A cache that keeps all rows. Every token attends all rows before its own. */
export class FullCache implements AttendedCache {
  readonly gpuBytes = 0;

  constructor(
    private readonly network: Network,
    readonly sequence: SequenceCache,
  ) {}

  commonPrefixLength(tokens: readonly TokenId[]): number {
    return commonPrefixLength(tokens, this.sequence.tokens);
  }

  truncate(length: number): void {
    this.sequence.truncate(length);
  }

  forward(tokens: readonly TokenId[], { wanted, signal }: ForwardOptions): Promise<Float32Array> {
    return this.network.evaluate(this.sequence, tokens, wanted, signal);
  }

  rowsFor(kind: RowsKind): SequenceRows {
    const { network, sequence } = this;
    const exactLength = (): number => sequence.length;
    return new CacheRows(network.options.placement, sequence, { ...kind, exactLength, stretch: 1 });
  }

  [Symbol.dispose](): void {}
}
