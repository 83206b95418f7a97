import { cacheHeads, writeRows } from '../../../../kernels/blocks/attendCache.ts';
import type { AttendOptions, LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { attendInTiles, attendTransposed } from '../../../../kernels/blocks/attendTransposed.ts';
import { choosingQueries, type Heads } from '../../../../kernels/blocks/projectHeads.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { ValueCells } from '../cache/valueCells.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { throughBlocks } from '../network/throughBlocks.ts';
import type { DueChoice } from './choiceSchedule.ts';
import { chooseRows } from './chooseRows.ts';
import type { HeadRuns } from './headRuns.ts';
import { rememberedTokens, rememberQueries } from './lastQueries.ts';
import { RowChoiceInputs } from './rowChoiceInputs.ts';
import type { ScoredKeys } from './scoredKeys.ts';
import type { TierOptions } from './tierOptions.ts';

/** The extents that determine a graph. */
export interface TierExtents {
  readonly tokens: number;
  /** The candidates to choose from; 0 attends an earlier choice. */
  readonly pages: number;
  /** How many of the last tokens choose. */
  readonly queries: number;
  readonly choosing: DueChoice['choosing'];
  readonly wanted: WantedLogits;
}

/** The parts of a fast tier that its graphs use. */
interface TierParts {
  readonly network: Network;
  /** The slow tier. */
  readonly sequence: SequenceCache;
  readonly options: TierOptions;
  /** The fast tier's layers. */
  readonly layers: readonly LayerCache[];
  /** The number of rows of each layer. */
  readonly rows: number;
  /** The number of pages that are always attended. */
  readonly windowPages: number;
  readonly scored: ScoredKeys | undefined;
  readonly runs: HeadRuns | undefined;
}

type Inputs = Readonly<Record<'tokens' | 'positions' | 'slowRows' | 'fastRows' | 'queryRows' | 'mask', Tensor>>;

/** A graph that appends tokens, which attend chosen rows. */
export interface TierGraph {
  readonly graph: Graph;
  readonly inputs: Inputs;
  readonly outputRows?: Tensor;
  readonly valueCells: ValueCells;
  readonly selecting?: RowChoiceInputs;
  readonly logits?: Tensor;
}

/** The attention of a block. */
interface BlockAttention {
  readonly parts: TierParts;
  readonly built: Pick<TierGraph, 'inputs' | 'valueCells' | 'selecting'>;
  readonly block: number;
  /** Adds work at the end of the graph. */
  readonly atEnd: (work: () => void) => void;
}

export function buildTierGraph(parts: TierParts, extents: TierExtents): TierGraph {
  const { network, sequence, layers, rows } = parts;
  const { tokens: tokenCount, wanted } = extents;
  const { placement } = network.options;
  const graph = new Graph(placement.device, { alsoOn: placement.cpu });
  const inputs = addInputs(graph, parts, tokenCount);
  const selecting = extents.pages === 0 ? undefined : addChoiceInputs(graph, parts, extents);
  const outputRows = wanted !== 'all' && tokenCount > 1 ? graph.input('outputRows', 'I32', [1]) : undefined;
  const valueCells = new ValueCells(graph, tokenCount);
  const built = { graph, inputs, valueCells, outputRows, selecting };
  const works: (() => void)[] = [];
  const logits = throughBlocks(graph, network.optionsFor(sequence), {
    tokens: inputs.tokens,
    outputRows,
    wanted,
    block: (block) => ({
      cache: layers[block] as LayerCache,
      inputs: {
        positions: inputs.positions,
        rows: inputs.fastRows,
        mask: inputs.mask,
        attendedRows: rows,
        attend: (g, heads, options) => {
          chooseBlockRows(g, heads, options, { parts, built, block, atEnd: (work) => works.push(work) });
          return attendFast(g, heads, options, { parts, built, block });
        },
      },
    }),
  });
  for (const work of works) work();
  return { ...built, logits };
}

function addInputs(graph: Graph, { sequence, rows }: TierParts, tokenCount: number): Inputs {
  const [kept] = sequence.lastQueries as readonly [Tensor];
  return {
    tokens: graph.input('tokens', 'I32', [tokenCount]),
    positions: graph.input('positions', 'I32', [tokenCount]),
    slowRows: graph.input('slowRows', 'I64', [tokenCount]),
    fastRows: graph.input('fastRows', 'I64', [tokenCount]),
    queryRows: graph.input('queryRows', 'I64', [rememberedTokens(tokenCount, kept)]),
    mask: graph.input('mask', 'F16', [rows, tokenCount]),
  };
}

function addChoiceInputs(graph: Graph, parts: TierParts, { queries, pages, choosing }: TierExtents): RowChoiceInputs {
  const { network, options, windowPages, runs } = parts;
  const { capacity, pageRows, meanRows } = options;
  return new RowChoiceInputs(graph, network.options.hyperparameters, {
    queries,
    pages,
    pageRows,
    meanRows,
    capacity,
    windowPages,
    runs: choosing === 'some' ? runs : undefined,
    isBeside: (block) => isBeside(parts, block),
  });
}

/** Whether a block's slow and fast tier are on one device. */
function isBeside({ sequence, layers }: TierParts, block: number): boolean {
  return sequence.layout[block]?.device === layers[block]?.device;
}

/** Adds the tokens to the slow tier, and chooses rows for the fast tier if that is due. */
function chooseBlockRows(
  graph: Graph,
  heads: Heads,
  options: AttendOptions,
  { parts, built: { inputs, selecting }, block, atEnd }: BlockAttention,
): void {
  const { sequence, layers, scored } = parts;
  const [slow, fast, lastQueries] = [sequence.layers[block], layers[block], sequence.lastQueries[block]] as [
    LayerCache,
    LayerCache,
    Tensor,
  ];
  const keep = (): void => writeRows(graph, heads, slow, { rows: inputs.slowRows });
  const remember = (): void =>
    rememberQueries(
      graph,
      { query: choosingQueries(heads).query, votes: options.votes?.() },
      lastQueries,
      inputs.queryRows,
    );
  // Only the queries that choose are read in this graph; the other rows for another device are not. Writing them
  // for all layers at the end changes devices less often.
  if (isBeside(parts, block)) keep();
  else atEnd(keep);
  const choices = selecting?.of(block) ?? [];
  if (isBeside(parts, block) || choices.length > 0) remember();
  else atEnd(remember);
  for (const choice of choices)
    chooseRows(graph, { slow, scored: scored?.of(block) ?? slow, fast, lastQueries, ...choice }, options);
}

/** Adds the tokens to the fast tier, and attends its rows. */
function attendFast(
  graph: Graph,
  heads: Heads,
  options: AttendOptions,
  { parts: { layers, rows }, built: { inputs, valueCells }, block }: Omit<BlockAttention, 'atEnd'>,
): Tensor {
  const fast = layers[block] as LayerCache;
  const { headSize, kvHeads } = options;
  return graph.on(fast.device, () => {
    writeRows(graph, heads, fast, { rows: inputs.fastRows, valueCells });
    const attended = {
      query: heads.query,
      key: cacheHeads(graph, fast.key, rows, headSize, kvHeads),
      mask: inputs.mask,
    };
    if (fast.isValueTransposed) return attendTransposed(graph, { ...attended, value: fast.value }, options);
    const value = cacheHeads(graph, fast.value, rows, headSize, kvHeads);
    return attendInTiles(graph, { ...attended, value }, options);
  });
}
