import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import type { Purpose, TokenId } from '../../../protocol/engine.ts';
import { cachedHeads, isRecurrent, type Hyperparameters } from '../../architectures/architecture.ts';
import { BlockStorage } from '../network/blockStorage.ts';
import { copiedLayer, declareLayer, keepsRotated, rotatedLayer, type CacheLayout } from './cacheLayout.ts';
import { RecurrentState } from './recurrentState.ts';
import { padRows } from './rowPadding.ts';
import { DRAFTED_QUERIES, rememberedWidth } from '../tiers/lastQueries.ts';
import { keptOn, type Placement } from '../network/placement.ts';
import { RememberedPositions } from '../tiers/rememberedPositions.ts';

let nextId = 0;
/** Of a recurrent block: two states of two tensors, and a number. Other blocks have fewer. */
const TENSORS_PER_BLOCK = 5;

/**
 * The keys and values of one sequence, and the tokens that they belong to. Row `i` belongs to token `i`, until a
 * selection keeps fewer rows than there are tokens. Then the first rows hold, head by head, the rows that were kept of
 * the first tokens, and one row per token follows.
 *
 * Memory is taken at the first use. A window that only completes needs no memory for chats, and a window that reads
 * nothing ahead needs none for that.
 */
export class SequenceCache implements Disposable {
  readonly id = nextId++;
  /** The name of the adapters that compute the rows. It changes only while the sequence is empty. */
  adapterSet: string = 'completion' satisfies Purpose;
  readonly #layers: readonly (LayerCache | undefined)[];
  readonly #lastQueries: readonly Tensor[];
  readonly #storage: BlockStorage;
  /** The states of recurrent blocks; absent if all blocks attend. */
  readonly state: RecurrentState | undefined;
  readonly #tokens: TokenId[] = [];
  /** The number of rows in memory: whole pages. */
  readonly memoryRows: number;
  /** How many of the last tokens have queries that are used later. */
  readonly rememberedQueries: number;
  readonly #remembered: RememberedPositions;
  #selectedTokens = 0;
  #droppedRows = 0;
  /** Functions that are called with the new length after a truncation. */
  readonly onTruncate = new Set<(length: number) => void>();

  constructor(
    placement: Placement,
    hyperparameters: Hyperparameters,
    /** The most rows. */
    readonly capacity: number,
    {
      type = 'F16',
      queries = 0,
      pageRows = 1,
      layout = 'rows',
    }: {
      readonly type?: TensorType;
      readonly queries?: number;
      /** The rows of a page, which are gathered together. The memory is a multiple of it. */
      readonly pageRows?: number;
      readonly layout?: CacheLayout;
    } = {},
  ) {
    const { blockCount, headSize } = hyperparameters;
    this.rememberedQueries = queries;
    this.memoryRows = padRows(capacity, pageRows);
    const queryRows = queries === 0 ? 0 : queries + DRAFTED_QUERIES;
    this.#remembered = new RememberedPositions(queryRows);
    this.#storage = new BlockStorage((block) => keptOn(placement, block), TENSORS_PER_BLOCK * blockCount);
    this.#layers = Array.from({ length: blockCount }, (_, block) => {
      if (isRecurrent(hyperparameters, block)) return undefined;
      const declared = declareLayer(
        layout,
        keptOn(placement, block),
        { type, headSize, kvHeads: cachedHeads(hyperparameters, block), rows: this.memoryRows },
        (...tensor) => this.#storage.declare(block, ...tensor),
      );
      const layer =
        layout === 'heads'
          ? copiedLayer(declared, (...alias) => this.#storage.declareAlias(block, ...alias))
          : declared;
      return keepsRotated(type)
        ? rotatedLayer(layer, headSize, (...constant) => this.#storage.declareConstant(block, ...constant))
        : layer;
    });
    this.state =
      hyperparameters.recurrent &&
      new RecurrentState(this.#storage, hyperparameters, (block) => keptOn(placement, block));
    this.#lastQueries =
      queries === 0
        ? []
        : this.#layers.map((_, block) =>
            this.#storage.declare(block, 'queries', 'F32', [rememberedWidth(hyperparameters, block), queryRows]),
          );
  }

  /**
   * The cache of each block; `undefined` of recurrent blocks. Throws `SequenceMemoryError` if there is no memory at the
   * first use.
   */
  get layers(): readonly (LayerCache | undefined)[] {
    this.#storage.allocate();
    return this.#layers;
  }

  /** The same tensors as `layers` without taking memory, for their types and sizes. */
  get layout(): readonly (LayerCache | undefined)[] {
    return this.#layers;
  }

  /**
   * The last tokens' queries in each block, `[headSize · heads, rows]`: token `i` in row `i % rows`. Empty if the
   * sequence remembers none.
   */
  get lastQueries(): readonly Tensor[] {
    return this.#lastQueries;
  }

  /** The number of tokens. */
  get length(): number {
    return this.#tokens.length;
  }

  /** The number of rows in use. */
  get rows(): number {
    return this.#tokens.length - this.#droppedRows;
  }

  /** The number of first tokens that share fewer rows. All of them are kept, or none. */
  get selectedTokens(): number {
    return this.#selectedTokens;
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  get sizeBytes(): number {
    return this.#storage.sizeBytes;
  }

  get gpuBytes(): number {
    return this.#storage.gpuBytes;
  }

  /** Says that tokens will be evaluated behind those in the cache, whether or not they are appended afterwards. */
  beginEvaluation(tokens: number): void {
    this.state?.begin();
    this.#remembered.forget(this.length, this.length + tokens);
  }

  /** Appends tokens that were evaluated. */
  append(tokens: readonly TokenId[]): void {
    this.state?.advance(tokens.length);
    this.#remembered.written(this.length, this.length + tokens.length);
    for (const token of tokens) this.#tokens.push(token);
  }

  /** Appends tokens whose keys and values were written without an evaluation. Their queries are unknown. */
  restore(tokens: readonly TokenId[]): void {
    this.#remembered.forget(this.length, this.length + tokens.length);
    for (const token of tokens) this.#tokens.push(token);
  }

  /** Whether `lastQueries` contains the queries of the tokens `first` to `end`. */
  remembersQueries(first: number, end: number): boolean {
    return this.#remembered.hold(first, end);
  }

  /** Replaces the contents by these tokens. The first `rows` rows must hold the rows that were kept of them. */
  hold(tokens: readonly TokenId[], rows: number): void {
    this.truncate(0);
    this.restore(tokens);
    this.#droppedRows = tokens.length - rows;
    this.#selectedTokens = this.#droppedRows > 0 ? tokens.length : 0;
  }

  /**
   * Keeps the first `length` tokens, or none if they share rows with later tokens. With recurrent blocks, keeps the
   * longest beginning of them whose state is known.
   */
  truncate(length: number): void {
    if (length >= this.#tokens.length) return;
    const kept = length < this.#selectedTokens ? 0 : length;
    this.#tokens.length = this.state ? this.state.goBack(kept) : kept;
    if (this.#tokens.length === 0) this.#droppedRows = this.#selectedTokens = 0;
    for (const tell of this.onTruncate) tell(this.#tokens.length);
  }

  [Symbol.dispose](): void {
    this.#storage[Symbol.dispose]();
  }
}
