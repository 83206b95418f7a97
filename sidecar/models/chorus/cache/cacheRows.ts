import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { read, write } from '../../../../kernels/ggml/transfer.ts';
import type { SequenceRows } from '../../backend.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { keptOn, type Placement } from '../network/placement.ts';
import type { SequenceCache } from './sequenceCache.ts';

interface Column {
  readonly device: Device;
  readonly tensor: Tensor;
  /** The size of a row with all its pieces. */
  readonly rowBytes: number;
  /**
   * The number of pieces of a row, each with its own rows one behind the other: heads of keys, components of values. 1
   * if rows are in one piece.
   */
  readonly pieces: number;
}

/**
 * The keys and values of a sequence as bytes, in the type and layout of its cache. For each layer in order: keys, then
 * values, each row by row or piece by piece.
 */
export class CacheRows implements SequenceRows {
  readonly key: string;
  readonly rowBytes: number;
  readonly evaluatedTokens: number;
  readonly stretch: number;

  constructor(
    private readonly placement: Placement,
    private readonly cache: SequenceCache,
    private readonly options: {
      /** Identifies everything that computes the rows: weights, graphs and the rows that tokens attend. */
      readonly key: string;
      /** The number of tokens, of those held, whose rows equal those of a prompt. */
      readonly exactLength: () => number;
      /** The adapters that compute the rows. The sequence has none of these rows while others compute. */
      readonly adapterSet: string;
      /** As in `SequenceRows`. */
      readonly stretch: number;
    },
  ) {
    const columns = this.#columns(cache.layout);
    this.rowBytes = columns.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
    // A GPU rounds rows in another way than the processor, even if both keep them in main memory.
    const computedOn = placement.slowTierDevice ? [placement.device.kind] : [];
    this.key = [
      options.key,
      ...computedOn,
      ...columns.map(({ device, tensor, rowBytes, pieces }) => `${device.kind} ${tensor.type} ${rowBytes} ${pieces}`),
    ].join('\n');
    this.evaluatedTokens = Math.max(1, cache.rememberedQueries);
    this.stretch = options.stretch;
  }

  get capacity(): number {
    return this.cache.capacity;
  }

  get tokens(): readonly TokenId[] {
    return this.cache.tokens.slice(0, this.#exactLength());
  }

  holds(tokens: readonly TokenId[], length: number): boolean {
    const held = this.cache.tokens;
    if (this.#exactLength() < length) return false;
    for (let index = 0; index < length; index++) if (tokens[index] !== held[index]) return false;
    return true;
  }

  read(first: number, into: Uint8Array): void {
    this.#each(into, first, (column, part, offsetBytes) => read(column.device, column.tensor, part, offsetBytes));
  }

  append(tokens: readonly TokenId[], rows: Uint8Array): void {
    const first = this.cache.rows;
    this.#each(rows, first, (column, part, offsetBytes) => write(column.device, column.tensor, part, offsetBytes));
    this.cache.restore(tokens);
  }

  #exactLength(): number {
    return this.cache.adapterSet === this.options.adapterSet ? this.options.exactLength() : 0;
  }

  /** Calls `visit` for each piece of `bytes`, rows from `first` on, with its offset in its tensor. */
  #each(
    bytes: Uint8Array,
    first: number,
    visit: (column: Column, part: Uint8Array, offsetBytes: number) => void,
  ): void {
    const count = bytes.byteLength / this.rowBytes;
    let offset = 0;
    const next = (sizeBytes: number): Uint8Array => bytes.subarray(offset, (offset += sizeBytes));
    for (const column of this.#columns(this.cache.layers)) {
      const pieceBytes = column.rowBytes / column.pieces;
      for (let piece = 0; piece < column.pieces; piece++)
        visit(column, next(pieceBytes * count), (piece * this.cache.memoryRows + first) * pieceBytes);
    }
  }

  #columns(layers: readonly (LayerCache | undefined)[]): Column[] {
    return layers.flatMap((layer, block) => {
      if (!layer) return [];
      const { key, value, isValueTransposed } = layer;
      const device = keptOn(this.placement, block);
      const column = (tensor: Tensor, pieces: number): Column => ({
        device,
        tensor,
        rowBytes: tensor.sizeBytes / this.cache.memoryRows,
        pieces,
      });
      return [
        column(key, key.shape[2]),
        column(value, isValueTransposed ? value.shape[1] * value.shape[2] : value.shape[2]),
      ];
    });
  }
}
