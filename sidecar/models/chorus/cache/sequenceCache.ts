import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { cachedHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import { BlockStorage } from '../network/blockStorage.ts';
import { copiedLayer, declareLayer, keepsRotated, rotatedLayer, type CacheLayout } from './cacheLayout.ts';
import { padRows } from './rowPadding.ts';
import { DRAFTED_QUERIES, rememberedWidth } from '../tiers/lastQueries.ts';
import { keptOn, type Placement } from '../network/placement.ts';
import { RememberedPositions } from '../tiers/rememberedPositions.ts';

let nextId = 0;

/**
 * The keys and values of one sequence, and the tokens that they belong to. Row `i` holds token `i`, until a selection
 * keeps fewer rows than there are tokens: then the first rows hold, head by head, what was kept of the first tokens,
 * and one row a token follows. Its memory is taken when it is first used, since a window that only completes needs none
 * for chats, and one that reads nothing ahead none for that.
 */
export class SequenceCache implements Disposable {
  readonly id = nextId++;
  readonly #layers: readonly LayerCache[];
  readonly #lastQueries: readonly Tensor[];
  readonly #storage: BlockStorage;
  readonly #tokens: TokenId[] = [];
  /** Rows that its memory has: whole pages. */
  readonly memoryRows: number;
  /** Of the last tokens so many queries are looked at. */
  readonly rememberedQueries: number;
  readonly #remembered: RememberedPositions;
  #selectedTokens = 0;
  #droppedRows = 0;
  /** Are told the length that tokens are taken back to. */
  readonly onTruncate = new Set<(length: number) => void>();

  constructor(
    placement: Placement,
    hyperparameters: Hyperparameters,
    /** Rows. */
    readonly capacity: number,
    {
      type = 'F16',
      queries = 0,
      pageRows = 1,
      layout = 'rows',
    }: {
      readonly type?: TensorType;
      readonly queries?: number;
      /** Its memory is a multiple of so many rows, which are gathered at once. */
      readonly pageRows?: number;
      readonly layout?: CacheLayout;
    } = {},
  ) {
    const { blockCount, headSize } = hyperparameters;
    this.rememberedQueries = queries;
    this.memoryRows = padRows(capacity, pageRows);
    const queryRows = queries === 0 ? 0 : queries + DRAFTED_QUERIES;
    this.#remembered = new RememberedPositions(queryRows);
    this.#storage = new BlockStorage((block) => keptOn(placement, block), 4 * blockCount);
    this.#layers = Array.from({ length: blockCount }, (_, block) => {
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
    this.#lastQueries =
      queries === 0
        ? []
        : this.#layers.map((_, block) =>
            this.#storage.declare(block, 'queries', 'F32', [rememberedWidth(hyperparameters, block), queryRows]),
          );
  }

  /** One cache a block. Throws `SequenceMemoryError` where there is no memory for them at the first use. */
  get layers(): readonly LayerCache[] {
    this.#storage.allocate();
    return this.#layers;
  }

  /** As `layers`, without taking their memory: types and sizes alone. */
  get layout(): readonly LayerCache[] {
    return this.#layers;
  }

  /**
   * Of each block the last tokens' queries, `[headSize · heads, rows]`, token `i` in row `i % rows`; none where nobody
   * asked for them.
   */
  get lastQueries(): readonly Tensor[] {
    return this.#lastQueries;
  }

  /** Tokens. */
  get length(): number {
    return this.#tokens.length;
  }

  /** Rows in use. */
  get rows(): number {
    return this.#tokens.length - this.#droppedRows;
  }

  /** The first tokens, which share fewer rows: all of them are kept, or none. */
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

  /** So many tokens are about to be evaluated behind those that it holds, whether or not they are appended then. */
  beginEvaluation(tokens: number): void {
    this.#remembered.forget(this.length, this.length + tokens);
  }

  /** Tokens that were evaluated. */
  append(tokens: readonly TokenId[]): void {
    this.#remembered.written(this.length, this.length + tokens.length);
    for (const token of tokens) this.#tokens.push(token);
  }

  /** Tokens whose keys and values are there by other means than an evaluation of theirs: nobody has their queries. */
  restore(tokens: readonly TokenId[]): void {
    this.#remembered.forget(this.length, this.length + tokens.length);
    for (const token of tokens) this.#tokens.push(token);
  }

  /** Whether `lastQueries` holds those of the tokens `first` to `end`. */
  remembersQueries(first: number, end: number): boolean {
    return this.#remembered.hold(first, end);
  }

  /** Says that the first `rows` rows hold what was kept of these tokens, which are all that there are. */
  hold(tokens: readonly TokenId[], rows: number): void {
    this.truncate(0);
    this.restore(tokens);
    this.#droppedRows = tokens.length - rows;
    this.#selectedTokens = this.#droppedRows > 0 ? tokens.length : 0;
  }

  /** Keeps the first `length` tokens, or none where they share rows with some of the others. */
  truncate(length: number): void {
    if (length >= this.#tokens.length) return;
    this.#tokens.length = length < this.#selectedTokens ? 0 : length;
    if (this.#tokens.length === 0) this.#droppedRows = this.#selectedTokens = 0;
    for (const tell of this.onTruncate) tell(this.#tokens.length);
  }

  [Symbol.dispose](): void {
    this.#storage[Symbol.dispose]();
  }
}
