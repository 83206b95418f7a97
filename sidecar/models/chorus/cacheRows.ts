import type { LayerCache } from '../../../kernels/blocks/attendCache.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { read, write } from '../../../kernels/ggml/transfer.ts';
import type { SequenceRows } from '../../engine/backend.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Placement } from './placement.ts';
import type { SequenceCache } from './sequenceCache.ts';

interface Column {
  readonly device: Device;
  readonly tensor: Tensor;
  readonly rowBytes: number;
}

/** The keys and values of a sequence as bytes: of each layer in order a stretch of keys, then one of values, in the type and layout of its cache. */
export class CacheRows implements SequenceRows {
  readonly key: string;
  readonly rowBytes: number;
  readonly evaluatedTokens: number;

  constructor(
    private readonly placement: Placement,
    private readonly cache: SequenceCache,
    private readonly options: {
      /** Says what computes the rows: weights, graphs and what is attended. */
      readonly key: string;
      /** Tokens, no more than are held, whose rows are what evaluating them as a prompt gives. */
      readonly exactLength: () => number;
    },
  ) {
    const columns = this.#columns(cache.layout);
    this.rowBytes = columns.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
    this.key = [options.key, ...columns.map(({ device, tensor, rowBytes }) => `${device.kind} ${tensor.type} ${rowBytes}`)].join('\n');
    this.evaluatedTokens = Math.max(1, cache.rememberedQueries);
  }

  get capacity(): number {
    return this.cache.capacity;
  }

  get tokens(): readonly TokenId[] {
    return this.cache.tokens.slice(0, this.options.exactLength());
  }

  holds(tokens: readonly TokenId[], length: number): boolean {
    const held = this.cache.tokens;
    if (this.options.exactLength() < length) return false;
    for (let index = 0; index < length; index++) if (tokens[index] !== held[index]) return false;
    return true;
  }

  read(first: number, into: Uint8Array): void {
    this.#each(into, ({ device, tensor, rowBytes }, part) => read(device, tensor, part, first * rowBytes));
  }

  append(tokens: readonly TokenId[], rows: Uint8Array): void {
    const first = this.cache.rows;
    this.#each(rows, ({ device, tensor, rowBytes }, part) => write(device, tensor, part, first * rowBytes));
    this.cache.append(tokens);
  }

  #each(bytes: Uint8Array, visit: (column: Column, part: Uint8Array) => void): void {
    const count = bytes.byteLength / this.rowBytes;
    let offset = 0;
    for (const column of this.#columns(this.cache.layers)) visit(column, bytes.subarray(offset, (offset += column.rowBytes * count)));
  }

  #columns(layers: readonly LayerCache[]): Column[] {
    return layers.flatMap(({ key, value }, block) => [key, value].map((tensor) => ({ device: this.placement.cacheDevice(block), tensor, rowBytes: tensor.strides[1] })));
  }
}
