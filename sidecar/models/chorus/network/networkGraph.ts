import type { LayerCache, ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import { getRows } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { isSliding, type Architecture, type Hyperparameters } from '../../architectures/architecture.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { ValueCells } from '../cache/valueCells.ts';
import { rememberedTokens, rememberQueries } from '../tiers/lastQueries.ts';
import type { GraphExtents } from './graphExtents.ts';
import { outputLogits } from './outputLogits.ts';
import type { Placement } from './placement.ts';
import type { LoadedWeights } from './weights.ts';

export interface NetworkOptions {
  readonly architecture: Architecture;
  readonly hyperparameters: Hyperparameters;
  readonly placement: Placement;
  readonly weights: LoadedWeights;
  /** Replaces the input of products with weights, to measure the cost of rounding it. */
  readonly productInput?: (graph: Graph, matrix: Tensor, input: Tensor) => Tensor;
}

/** The tokens of an evaluation whose logits are computed. */
export type WantedLogits = 'none' | 'last' | 'all';

/** A graph that appends tokens to a sequence, with the inputs that are written before it is computed. */
export interface NetworkGraph {
  readonly graph: Graph;
  readonly tokens: Tensor;
  /** Absent if no block rotates queries and keys. */
  readonly positions?: Tensor;
  readonly rows: Tensor;
  readonly valueCells: ValueCells;
  /** For blocks that attend all rows; absent if there are none. */
  readonly mask?: Tensor;
  /** For blocks that attend a window; absent if there are none. */
  readonly slidingMask?: Tensor;
  readonly queryRows?: Tensor;
  readonly outputRows?: Tensor;
  readonly logits?: Tensor;
  readonly attendedRows: number;
}

/** Functions that see parts of a graph while it is built. */
export interface Observer {
  readonly onNorm?: (name: string, normed: Tensor, graph: Graph) => void;
  /** Called only if the sequence remembers no queries. */
  readonly onQueries?: (block: number, queries: ObservedQueries, graph: Graph) => void;
  readonly productInput?: NetworkOptions['productInput'];
}

/** Builds a graph over a sequence's cache. `'observed'`: only the tensors that the observer marked, without logits. */
export function buildNetworkGraph(
  options: NetworkOptions,
  { layers, lastQueries, state }: SequenceCache,
  {
    extents,
    wanted,
    observer: { onNorm, onQueries, productInput = options.productInput } = {},
  }: { readonly extents: GraphExtents; readonly wanted: WantedLogits | 'observed'; readonly observer?: Observer },
): NetworkGraph {
  const { architecture, hyperparameters, placement, weights } = options;
  const { tokens: tokenCount, attendedRows, isFirst, stretch, slot } = extents;
  const { table } = weights;
  const graph = new Graph(placement.device, { alsoOn: placement.cpu });
  graph.productInput = productInput && ((matrix, input) => productInput(graph, matrix, input));
  const tokens = graph.input('tokens', 'I32', [tokenCount]);
  // An input that no block reads has no memory.
  const positions = hyperparameters.isUnrotated ? undefined : graph.input('positions', 'I32', [tokenCount]);
  const rows = graph.input('rows', 'I64', [tokenCount]);
  const slides = Array.from({ length: hyperparameters.blockCount }, (_, block) => isSliding(hyperparameters, block));
  const mask = slides.includes(false) ? graph.input('mask', 'F16', [attendedRows, tokenCount]) : undefined;
  const slidingMask = slides.includes(true) ? graph.input('slidingMask', 'F16', [attendedRows, tokenCount]) : undefined;
  const outputRows =
    (wanted === 'none' || wanted === 'last') && tokenCount > 1 ? graph.input('outputRows', 'I32', [1]) : undefined;

  const valueCells = new ValueCells(graph, tokenCount, stretch);
  const [kept] = lastQueries;
  const queryRows = kept && graph.input('queryRows', 'I64', [rememberedTokens(tokenCount, kept)]);

  let x = getRows(graph, table.tensor('token_embd.weight'), tokens);
  for (let block = 0; block < hyperparameters.blockCount; block++) {
    const isLast = block === hyperparameters.blockCount - 1;
    const observe = onQueries && ((queries: ObservedQueries) => onQueries(block, queries, graph));
    const remember =
      queryRows &&
      ((queries: ObservedQueries) => rememberQueries(graph, queries, lastQueries[block] as Tensor, queryRows));
    const blockMask = (slides[block] ? slidingMask : mask) as Tensor;
    x = architecture.buildBlock(
      {
        graph,
        weights: table.forBlock(graph, block, isLast ? outputRows : undefined),
        hyperparameters,
        block,
        cache: layers[block] as LayerCache,
        inputs: {
          positions: positions as Tensor,
          rows,
          valueCells,
          mask: blockMask,
          attendedRows,
          isFirst,
          onQueries: observe ?? remember,
        },
        state: state?.step(block, slot),
        outputRows: isLast ? outputRows : undefined,
        onNorm: onNorm && ((name, normed) => onNorm(`blk.${block}.${name}`, normed, graph)),
      },
      x,
    );
  }
  const shared = { graph, tokens, positions, rows, valueCells, mask, slidingMask, queryRows, outputRows, attendedRows };
  if (wanted === 'none' || wanted === 'observed') {
    graph.expand(x);
    return shared;
  }
  return { ...shared, logits: outputLogits(graph, table, hyperparameters, x) };
}
