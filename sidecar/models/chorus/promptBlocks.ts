import { writeRows, type AttendOptions, type LayerCache } from '../../../kernels/blocks/attendCache.ts';
import type { Heads } from '../../../kernels/blocks/projectHeads.ts';
import { attendPageBlocks } from '../../../kernels/cache/pageBlocks.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { concat, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { F16_MINUS_INFINITY } from './causalMask.ts';
import { KeptGraphs } from './keptGraphs.ts';
import { rememberedRows, rememberedTokens, rememberQueries } from './lastQueries.ts';
import type { Network, WantedLogits } from './network.ts';
import { choosablePages, PageChoiceInputs } from './pageChoice.ts';
import { graphMemoryOn } from './placement.ts';
import type { SequenceCache } from './sequenceCache.ts';
import { throughBlocks } from './throughBlocks.ts';
import type { TierOptions } from './tiers.ts';
import { WindowRows } from './windowRows.ts';

/** Tokens of the largest evaluation; more would gain little, and all pages that they may choose have to be complete before. */
const MOST_TOKENS = 64;
/** Rows of the context times blocks: what is scored at once takes memory. */
const MOST_SCORED_ROWS = 131_072;
/** Rows that a block attends besides its pages are rounded up to this. */
const WINDOW_PADDING = 32;
const KEPT_GRAPHS = 8;
/** Of a block longer than this not all tokens choose, but some, evenly spaced: scoring is most of what a choice costs. */
const SHORT_BLOCK_TOKENS = 8;
const LONG_BLOCK_VOTES = 4;

/** Blocks of equal length among an evaluation's tokens, and what says which rows they attend. */
interface BlockInputs {
  readonly firstToken: number;
  readonly blockTokens: number;
  readonly blocks: number;
  readonly pages: PageChoiceInputs;
  /** By the number of KV heads. */
  readonly windowRows: WindowRows;
  readonly mask: Tensor;
}

interface BuiltGraph {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<'tokens' | 'positions' | 'rows' | 'queryRows', Tensor>>;
  readonly parts: readonly BlockInputs[];
  readonly outputRows?: Tensor;
  readonly logits?: Tensor;
}

export interface PromptBlocksOptions extends Pick<TierOptions, 'capacity' | 'pageRows' | 'window'> {
  /** Tokens of the shortest blocks: they take the most memory. */
  readonly leastTokens: number;
}

/** Evaluates tokens of a prompt in blocks: those of a block attend the pages that their own queries choose, and the last tokens. */
export class PromptBlocks implements Disposable {
  readonly #graphs: KeptGraphs<BuiltGraph>;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    private readonly options: PromptBlocksOptions,
  ) {
    this.#graphs = new KeptGraphs(graphMemoryOn(network.options.placement), KEPT_GRAPHS);
  }

  get sizeBytes(): number {
    return this.#graphs.memory.sizeBytes;
  }

  /** Tokens of the largest evaluation in blocks of so many, a multiple of these. */
  mostTokens(blockTokens: number): number {
    const blocks = Math.floor(Math.min(MOST_TOKENS, this.options.window) / blockTokens);
    return Math.max(1, Math.min(blocks, Math.floor(MOST_SCORED_ROWS / this.sequence.capacity))) * blockTokens;
  }

  /**
   * Appends tokens, no more than `mostTokens`, in blocks of `blockTokens`, the last of which may be shorter; the sequence ends where a block does. Resolves and
   * rejects as `Network.evaluate`.
   */
  async evaluate(tokens: readonly TokenId[], { blockTokens, wanted, signal }: { readonly blockTokens: number; readonly wanted: WantedLogits; readonly signal?: AbortSignal }): Promise<Float32Array> {
    const { device } = this.network.options.placement;
    const { pageRows } = this.options;
    const length = this.sequence.length;
    const candidates = this.#windowStart(length + Math.floor((tokens.length - 1) / blockTokens) * blockTokens) / pageRows;
    const pages = choosablePages(candidates, this.sequence, pageRows);
    const { inputs, parts, outputRows, graph, logits } = this.#graphs.obtain(
      `${tokens.length} ${blockTokens} ${pages} ${wanted}`,
      () => this.#build(tokens.length, { blockTokens, pages, wanted }),
      () => this.#build(this.mostTokens(this.options.leastTokens), { blockTokens: this.options.leastTokens, pages: choosablePages(Infinity, this.sequence, pageRows), wanted: 'all' }),
    );
    const [kept] = this.sequence.lastQueries as readonly [Tensor];
    write(device, inputs.tokens, Int32Array.from(tokens));
    write(device, inputs.positions, Int32Array.from(tokens, (_, index) => length + index));
    write(device, inputs.rows, BigInt64Array.from(tokens, (_, index) => BigInt(length + index)));
    write(device, inputs.queryRows, rememberedRows(length + tokens.length, inputs.queryRows.shape[0], kept));
    for (const part of parts) this.#writePart(part, length + part.firstToken);
    if (outputRows) write(device, outputRows, Int32Array.of(tokens.length - 1));
    await this.network.compute(graph, { isToken: false, signal });
    this.sequence.append(tokens);
    return logits ? readF32(device, logits) : new Float32Array(0);
  }

  [Symbol.dispose](): void {
    this.#graphs[Symbol.dispose]();
  }

  /** The first row that the block which begins at `start` attends in any case. */
  #windowStart(start: number): number {
    const { window, pageRows } = this.options;
    return Math.floor((start - window) / pageRows) * pageRows;
  }

  /** Rows that a block attends besides its pages: the last ones, its own, and none. */
  #windowRows(blockTokens: number): number {
    const { window, pageRows } = this.options;
    return Math.ceil((window + pageRows + blockTokens) / WINDOW_PADDING) * WINDOW_PADDING;
  }

  #writePart({ blockTokens, blocks, pages, windowRows, mask }: BlockInputs, first: number): void {
    const { device } = this.network.options.placement;
    const { capacity, pageRows } = this.options;
    const extraRows = this.#windowRows(blockTokens);
    const starts = Array.from({ length: blocks }, (_, block) => first + block * blockTokens);
    const windowStarts = starts.map((start) => this.#windowStart(start));
    pages.write(device, windowStarts.map((windowStart) => windowStart / pageRows));
    const end = first + blocks * blockTokens;
    // Those behind the last token are masked.
    windowRows.write(device, windowStarts.flatMap((windowStart) => Array.from({ length: extraRows }, (_, index) => Math.min(windowStart + index, end - 1))));
    const attended = capacity + extraRows;
    const masked = new Uint16Array(attended * blockTokens * blocks).fill(F16_MINUS_INFINITY);
    for (let token = 0; token < blockTokens * blocks; token++) {
      const windowStart = windowStarts[Math.floor(token / blockTokens)] as number;
      masked.fill(0, token * attended, token * attended + capacity + first + token + 1 - windowStart);
    }
    write(device, mask, masked);
  }

  #build(tokenCount: number, { blockTokens, pages, wanted }: { readonly blockTokens: number; readonly pages: number; readonly wanted: WantedLogits }): BuiltGraph {
    const { placement } = this.network.options;
    const graph = new Graph(placement.device, { alsoOn: placement.cpu });
    const [kept] = this.sequence.lastQueries as readonly [Tensor];
    const inputs = {
      tokens: graph.input('tokens', 'I32', [tokenCount]),
      positions: graph.input('positions', 'I32', [tokenCount]),
      rows: graph.input('rows', 'I64', [tokenCount]),
      queryRows: graph.input('queryRows', 'I64', [rememberedTokens(tokenCount, kept)]),
    };
    const whole = Math.floor(tokenCount / blockTokens);
    const parts = [{ firstToken: 0, blockTokens, blocks: whole }, { firstToken: whole * blockTokens, blockTokens: tokenCount % blockTokens, blocks: 1 }]
      .filter((part) => part.blocks * part.blockTokens > 0)
      .map((part) => this.#blockInputs(graph, part, pages));
    const outputRows = wanted !== 'all' && tokenCount > 1 ? graph.input('outputRows', 'I32', [1]) : undefined;
    const attend = (block: number) => (g: Graph, heads: Heads, options: AttendOptions): Tensor => {
      writeRows(g, heads, this.sequence.layers[block] as LayerCache, inputs);
      rememberQueries(g, heads, this.sequence.lastQueries[block] as Tensor, inputs.queryRows);
      return parts.map((part) => this.#attend(g, block, part, { query: heads.query, options })).reduce((before, after) => concat(g, before, after, 2));
    };
    const logits = throughBlocks(graph, this.network.options, {
      tokens: inputs.tokens,
      outputRows,
      wanted,
      block: (block) => ({ cache: this.sequence.layers[block] as LayerCache, inputs: { positions: inputs.positions, rows: inputs.rows, mask: (parts[0] as BlockInputs).mask, attendedRows: 0, attend: attend(block) } }),
    });
    return { graph, inputs, parts, outputRows, logits };
  }

  #blockInputs(graph: Graph, part: Pick<BlockInputs, 'firstToken' | 'blockTokens' | 'blocks'>, pages: number): BlockInputs {
    const { hyperparameters } = this.network.options;
    const { capacity, pageRows } = this.options;
    const { blocks, blockTokens } = part;
    const extraRows = this.#windowRows(blockTokens);
    return {
      ...part,
      pages: new PageChoiceInputs(graph, hyperparameters, { blocks, votes: blockTokens / voteStrideOf(blockTokens), pages, pageRows, chosenPages: capacity / pageRows }),
      windowRows: new WindowRows(graph, hyperparameters, { rows: extraRows, blocks }),
      mask: graph.input('mask', 'F16', [capacity + extraRows, blockTokens, 1, blocks]),
    };
  }

  #attend(graph: Graph, block: number, part: BlockInputs, { query, options }: { query: Tensor; options: AttendOptions }): Tensor {
    const [headSize, heads] = query.shape;
    const tokens = part.blockTokens * part.blocks;
    const own = view(graph, query, [headSize, heads, tokens], { strides: [query.strides[1], query.strides[2], tokens * query.strides[2]], offsetBytes: part.firstToken * query.strides[2] });
    const pageBlocks = {
      ...part.pages.of(block),
      blockTokens: part.blockTokens,
      voteStride: voteStrideOf(part.blockTokens),
      windowRows: part.windowRows.of(options.kvHeads),
      mask: part.mask,
    };
    return attendPageBlocks(graph, own, this.sequence.layers[block] as LayerCache, pageBlocks, options);
  }
}

/** The last token of so many chooses. */
function voteStrideOf(blockTokens: number): number {
  return blockTokens > SHORT_BLOCK_TOKENS && blockTokens % LONG_BLOCK_VOTES === 0 ? blockTokens / LONG_BLOCK_VOTES : 1;
}
