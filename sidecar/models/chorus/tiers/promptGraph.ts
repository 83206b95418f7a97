import { writeRows } from '../../../../kernels/blocks/attendCache.ts';
import type { AttendOptions, LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { choosingQueries, type Heads } from '../../../../kernels/blocks/projectHeads.ts';
import { attendPageBlocks } from '../../../../kernels/cache/pageBlocks.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { throughBlocks } from '../network/throughBlocks.ts';
import { rememberedTokens, rememberQueries } from './lastQueries.ts';
import { PageChoiceInputs } from './pageChoice.ts';
import type { ScoredKeys } from './scoredKeys.ts';
import { SharedNumbers } from './sharedNumbers.ts';
import type { TierOptions } from './tierOptions.ts';

/**
 * In blocks of a multiple of so many tokens, one token in so many chooses, the last of them included. Scoring is most
 * of the cost of a choice.
 */
const VOTE_STRIDE = 8;

export type PromptOptions = Pick<TierOptions, 'capacity' | 'pageRows' | 'meanRows' | 'window' | 'blockTokens'>;

/** What the graphs of a prompt's blocks use. */
interface PromptParts {
  readonly network: Network;
  readonly sequence: SequenceCache;
  readonly options: PromptOptions;
  /** The rows that a block attends besides its pages. */
  readonly windowRows: number;
  readonly scored: ScoredKeys | undefined;
}

/** The extents that determine a graph. */
interface PromptExtents {
  readonly tokens: number;
  /** The number of candidate pages. */
  readonly pages: number;
  readonly wanted: WantedLogits;
}

/** A graph that appends blocks of tokens, which attend chosen pages. */
export interface PromptGraph {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<'tokens' | 'positions' | 'rows' | 'queryRows' | 'mask', Tensor>>;
  readonly pages: PageChoiceInputs;
  readonly windowPages: SharedNumbers;
  readonly outputRows?: Tensor;
  readonly logits?: Tensor;
}

export function buildPromptGraph(parts: PromptParts, extents: PromptExtents): PromptGraph {
  const { network, sequence } = parts;
  const { placement } = network.options;
  const { tokens: tokenCount, wanted } = extents;
  const graph = new Graph(placement.device, { alsoOn: placement.cpu });
  const inputs = addInputs(graph, parts, tokenCount);
  const choice = addChoiceInputs(graph, parts, extents);
  const outputRows = wanted !== 'all' && tokenCount > 1 ? graph.input('outputRows', 'I32', [1]) : undefined;
  const built = { graph, inputs, ...choice, outputRows };
  const logits = throughBlocks(graph, network.optionsFor(sequence), {
    tokens: inputs.tokens,
    outputRows,
    wanted,
    block: (block) => ({
      cache: sequence.layers[block] as LayerCache,
      inputs: {
        positions: inputs.positions,
        rows: inputs.rows,
        mask: inputs.mask,
        attendedRows: 0,
        attend: (g, heads, options) => attend(g, heads, options, { parts, built, block }),
      },
    }),
  });
  return { ...built, logits };
}

function addInputs(
  graph: Graph,
  { sequence, options: { capacity, blockTokens }, windowRows }: PromptParts,
  tokenCount: number,
): PromptGraph['inputs'] {
  const [kept] = sequence.lastQueries as readonly [Tensor];
  return {
    tokens: graph.input('tokens', 'I32', [tokenCount]),
    positions: graph.input('positions', 'I32', [tokenCount]),
    rows: graph.input('rows', 'I64', [tokenCount]),
    queryRows: graph.input('queryRows', 'I64', [rememberedTokens(tokenCount, kept)]),
    mask: graph.input('mask', 'F16', [capacity + windowRows, blockTokens, 1, tokenCount / blockTokens]),
  };
}

function addChoiceInputs(
  graph: Graph,
  { network, options, windowRows }: PromptParts,
  extents: PromptExtents,
): Pick<PromptGraph, 'pages' | 'windowPages'> {
  const { hyperparameters } = network.options;
  const { capacity, pageRows, meanRows, blockTokens } = options;
  const blocks = extents.tokens / blockTokens;
  return {
    pages: new PageChoiceInputs(graph, hyperparameters, {
      blocks,
      votes: blockTokens / voteStrideOf(blockTokens),
      pages: extents.pages,
      pageRows,
      meanRows,
      chosenPages: capacity / pageRows,
    }),
    windowPages: new SharedNumbers(graph, hyperparameters, {
      name: 'windowPages',
      count: windowRows / pageRows,
      blocks,
    }),
  };
}

/** Adds the tokens to a block's cache, and attends the pages that they choose. */
function attend(
  graph: Graph,
  heads: Heads,
  options: AttendOptions,
  {
    parts: { sequence, scored, options: promptOptions },
    built: { inputs, pages, windowPages },
    block,
  }: { readonly parts: PromptParts; readonly built: PromptGraph; readonly block: number },
): Tensor {
  const { blockTokens } = promptOptions;
  const cache = sequence.layers[block] as LayerCache;
  const choosing = graph.on(cache.device, () => {
    writeRows(graph, heads, cache, inputs);
    const queries = { query: choosingQueries(heads).query, votes: options.votes?.() };
    rememberQueries(graph, queries, sequence.lastQueries[block] as Tensor, inputs.queryRows);
    return queries;
  });
  return attendPageBlocks(
    graph,
    { query: heads.query, choosing },
    cache,
    {
      ...pages.of(block),
      rowsOfPage: () => pages.rowsOfPage,
      blockTokens,
      scored: scored?.of(block),
      voteStride: voteStrideOf(blockTokens),
      windowPages: windowPages.of(options.kvHeads),
      mask: inputs.mask,
    },
    options,
  );
}

/** Returns the distance between tokens that choose. */
export function voteStrideOf(blockTokens: number): number {
  return blockTokens > VOTE_STRIDE && blockTokens % VOTE_STRIDE === 0 ? VOTE_STRIDE : 1;
}
