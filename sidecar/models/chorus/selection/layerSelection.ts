import { cacheHeads } from '../../../../kernels/blocks/attendCache.ts';
import type { LayerCache, ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import { bestRows, bestRowsOfAll } from '../../../../kernels/cache/selection.ts';
import type { Observation, ScoredLayer, Selector } from '../../../../kernels/cache/selector.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';
import { add, copy, maximum, view } from '../../../../kernels/ggml/ops.ts';
import { Storage } from '../../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { read, readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { attentionScale, cachedHeads, isSliding, queryHeads } from '../../architectures/architecture.ts';
import type { Budget } from '../cache/cacheChoice.ts';
import { keepRows } from './keepRows.ts';
import type { NetworkOptions } from '../network/networkGraph.ts';
import type { Chunk } from './promptChunks.ts';

/**
 * With an adaptive budget each head keeps at least this share of the rows that an equal budget gives it, window
 * included.
 */
const LEAST_SHARE = 0.2;

/** How the rows of a sequence are chosen. */
export interface SelectionPlan {
  readonly selector: Selector;
  /** The rows that each KV head keeps, window included; with an adaptive budget on average. */
  readonly capacity: number;
  /** The number of last tokens, whose rows are always kept. */
  readonly window: number;
  /** Returns texts that repeat the context, for selectors that read it twice. */
  readonly replay?: (tokens: readonly TokenId[]) => readonly (readonly TokenId[])[];
  /** With an adaptive budget rows are reported but not gathered: a cache holds the same number of rows of each head. */
  readonly budget?: Budget;
  /** Whether `keep` reports the rows that it kept. */
  readonly tellsRows?: boolean;
}

/** The rows that each KV head of a layer keeps, ascending; empty unless they are reported. */
export type KeptRows = readonly (readonly number[])[];

type Constant = (type: 'F32' | 'I32', values: Float32Array | Int32Array, extents: readonly number[]) => Tensor;

/** The tokens of an evaluation, which come after `past` others. */
type Computed = Pick<Chunk, 'count' | 'past' | 'isReplay'>;

/** Returns the first token of a context whose queries are observed. */
export function firstObserved({ of, skipTokens = 0 }: Observation, contextTokens: number, window: number): number {
  return of === 'window' ? contextTokens - window : skipTokens;
}

/**
 * Chooses the rows of one layer: observes its queries while they are computed, then scores and gathers rows. Its plans
 * differ only in the number of rows.
 */
export class LayerSelection implements Disposable {
  readonly #storage: Storage | undefined;
  readonly #observed: Tensor | undefined;
  readonly #observation: Observation | undefined;
  #observedTokens = 0;
  #rope: ObservedQueries['rope'];

  constructor(
    private readonly options: NetworkOptions,
    private readonly layer: {
      readonly plans: readonly SelectionPlan[];
      readonly block: number;
      readonly contextTokens: number;
      readonly rows: number;
    },
  ) {
    const { plans, block, rows } = layer;
    const { hyperparameters, placement } = options;
    this.#observation = plans.find((plan) => this.#isSelected(plan))?.selector.observation;
    if (!this.#observation) return;
    this.#storage = new Storage(placement.cacheDevice(block), { maxTensors: 1 });
    this.#observed = this.#storage.declare(
      'observed',
      'F32',
      this.#observation.extents({ rows, headSize: hyperparameters.headSize, heads: this.#heads }),
    );
    this.#storage.allocate({ clear: true });
  }

  get sizeBytes(): number {
    return this.#storage?.sizeBytes ?? 0;
  }

  /** Takes over the observations of the same selector for the tokens before. Throws if there are none. */
  goOnFrom(before: LayerSelection): void {
    this.#observedTokens = before.#observedTokens;
    this.#rope = before.#rope;
    if (!this.#observed) return;
    if (!before.#observed) throw new Error('The selector did not observe the tokens before.');
    const device = this.options.placement.cacheDevice(this.layer.block);
    write(device, this.#observed, readF32(device, before.#observed));
  }

  /**
   * Observes the queries of an evaluation that the selector needs. Returns a function that adds its nodes to the graph.
   * Call it when the block is built, since the nodes read keys that the block writes.
   */
  observe(graph: Graph, queries: ObservedQueries, { count, past, isReplay }: Computed): (() => void) | undefined {
    const { contextTokens, plans } = this.layer;
    const observation = this.#observation;
    if (!observation || isReplay !== (observation.of === 'replay')) return undefined;
    const from = firstObserved(observation, contextTokens, plans[0]?.window ?? 0);
    const start = isReplay ? 0 : Math.max(0, from - past);
    if (start >= count) return undefined;
    this.#observedTokens += count - start;
    this.#rope = queries.rope;
    return () => {
      const seen = observation.observe(graph, tokensFrom(graph, queries, start));
      const target = windowLike(graph, this.#observed as Tensor, seen);
      const joined = observation.combine === 'add' ? add(graph, target, seen) : maximum(graph, target, seen);
      graph.expand(copy(graph, joined, target));
    };
  }

  /**
   * Copies the rows that a plan keeps of a layer to the beginning of another cache; without a plan, all rows. With an
   * adaptive budget nothing is copied.
   */
  async keep(
    plan: SelectionPlan | undefined,
    from: LayerCache,
    to: LayerCache,
    memory: GraphMemory,
  ): Promise<KeptRows> {
    const { block, contextTokens } = this.layer;
    const { placement, hyperparameters } = this.options;
    const kvHeads = cachedHeads(hyperparameters, block);
    const [window, chosen] =
      plan && this.#isSelected(plan)
        ? [plan.window, plan.capacity - plan.window]
        : [Math.min(contextTokens, plan?.capacity ?? contextTokens), 0];
    using graph = new Graph(placement.device, { alsoOn: placement.cpu });
    const constants = new Map<Tensor, NodeJS.ArrayBufferView>();
    const constant: Constant = (type, values, extents) => {
      const tensor = graph.input('constant', type, extents);
      constants.set(tensor, values);
      return tensor;
    };
    const heads = (cache: Tensor, rows: number): Tensor =>
      cacheHeads(graph, cache, rows, hyperparameters.headSize, kvHeads);
    const isAdaptive = plan?.budget === 'adaptive';
    let numbers: Tensor | undefined;
    if (chosen > 0) {
      const scores = this.#score(graph, plan as SelectionPlan, {
        key: heads(from.key, contextTokens),
        value: heads(from.value, contextTokens),
        chosen,
        constant,
      });
      const least = Math.max(0, Math.floor(LEAST_SHARE * (chosen + window)) - window);
      numbers = isAdaptive
        ? bestRowsOfAll(graph, scores, {
            count: chosen,
            least,
            constant: (values, extents) => constant('F32', values, extents),
          })
        : bestRows(graph, scores, chosen);
      graph.expand(numbers, { read: true });
    }
    if (!isAdaptive) {
      const firstPlaces = (count: number): Tensor =>
        constant(
          'I32',
          Int32Array.from({ length: count }, (_, place) => place),
          [count],
        );
      keepRows(graph, from, to, {
        best: numbers,
        firstPlaces,
        firstRow: contextTokens - window,
        rows: window,
        headSize: hyperparameters.headSize,
        kvHeads,
      });
    }
    graph.allocate(memory);
    for (const [tensor, values] of constants) write(placement.device, tensor, values);
    await graph.compute();
    return plan?.tellsRows ? this.#rowNumbers(numbers, { chosen, window, kvHeads, isAdaptive }) : [];
  }

  [Symbol.dispose](): void {
    this.#storage?.[Symbol.dispose]();
  }

  /**
   * Whether some rows are dropped by score. A layer that attends a window of the last tokens keeps its last rows
   * instead.
   */
  #isSelected({ capacity }: SelectionPlan): boolean {
    const { contextTokens, block } = this.layer;
    return contextTokens > capacity && !isSliding(this.options.hyperparameters, block);
  }

  get #heads(): number {
    return queryHeads(this.options.hyperparameters, this.layer.block);
  }

  /**
   * Returns the place of a query head in the output matrix. If experts share a cache, query heads are ordered by KV
   * head and then by expert, the columns of the output by expert.
   */
  #outputHead(head: number): number {
    const { heads, kvHeads, attentionMixture } = this.options.hyperparameters;
    if (this.#heads === heads || attentionMixture?.cache !== 'shared') return head;
    const group = heads / kvHeads;
    const [kvHead, expert, member] = [
      Math.floor(head / (group * attentionMixture.experts)),
      Math.floor(head / group) % attentionMixture.experts,
      head % group,
    ];
    return expert * heads + kvHead * group + member;
  }

  #score(
    graph: Graph,
    { selector, window }: SelectionPlan,
    { key, value, chosen, constant }: Pick<ScoredLayer, 'key' | 'value' | 'chosen'> & { readonly constant: Constant },
  ): Tensor {
    const { block, contextTokens } = this.layer;
    const { hyperparameters, weights } = this.options;
    return selector.score(graph, {
      observed: this.#observed,
      observedTokens: this.#observedTokens,
      candidates: contextTokens - window,
      chosen,
      key,
      value,
      heads: this.#heads,
      scale: attentionScale(hyperparameters),
      rope: this.#rope,
      output: weights.table.matrix(`blk.${block}.attn_output.weight`),
      outputHead: (head) => this.#outputHead(head),
      nextPosition: contextTokens,
      constant: (values, extents) => constant('F32', values, extents),
      numbers: (values) => constant('I32', values, [values.length]),
    });
  }

  #rowNumbers(
    numbers: Tensor | undefined,
    { chosen, window, kvHeads, isAdaptive }: { chosen: number; window: number; kvHeads: number; isAdaptive: boolean },
  ): KeptRows {
    const all = new Int32Array(chosen * kvHeads);
    if (numbers) read(this.options.placement.device, numbers, all);
    const candidates = this.layer.contextTokens - window;
    const byHead = Array.from({ length: kvHeads }, (): number[] => []);
    for (const [index, number] of all.entries()) {
      const [head, row] = isAdaptive
        ? [Math.floor(number / candidates), number % candidates]
        : [Math.floor(index / chosen), number];
      byHead[head]?.push(row);
    }
    const last = Array.from({ length: window }, (_, index) => candidates + index);
    return byHead.map((rows) => [...rows.sort((a, b) => a - b), ...last]);
  }
}

/** Returns the queries of the tokens from `start` on. */
function tokensFrom(graph: Graph, queries: ObservedQueries, start: number): ObservedQueries {
  if (start === 0) return queries;
  const from = (tensor: Tensor, dimension: 1 | 2): Tensor => {
    const extents = tensor.shape.map((extent, d) => (d === dimension ? extent - start : extent));
    const [, ...strides] = tensor.strides;
    return view(graph, tensor, extents, { strides, offsetBytes: start * tensor.strides[dimension] });
  };
  const { query, unrotated, mask, votes } = queries;
  return {
    ...queries,
    query: from(query, 2),
    unrotated: from(unrotated, 2),
    mask: from(mask, 1),
    votes: votes && from(votes, 1),
  };
}

/** Returns a view of the first values along each dimension, with the shape of `shaped`. */
function windowLike(graph: Graph, tensor: Tensor, shaped: Tensor): Tensor {
  const [, ...strides] = tensor.strides;
  return view(graph, tensor, shaped.shape, { strides });
}
