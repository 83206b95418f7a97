import { performance } from 'node:perf_hooks';
import type { ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { contiguous, sumRows, transpose } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { Purpose } from '../../../protocol/engine.ts';
import type { WeightTable } from '../../architectures/weightTable.ts';
import { ThreadGovernor } from './threadGovernor.ts';
import { causalMask, type MaskedTokens } from '../cache/causalMask.ts';
import { extentsFor, largestExtents, type GraphExtents } from './graphExtents.ts';
import { KeptGraphs } from './keptGraphs.ts';
import { rememberedRows } from '../tiers/lastQueries.ts';
import {
  buildNetworkGraph,
  type NetworkGraph,
  type NetworkOptions,
  type Observer,
  type WantedLogits,
} from './networkGraph.ts';
import { graphMemoryOn } from './placement.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';

/** The graphs kept for reuse: the sizes of prompts and drafts, for a few sequences. */
const KEPT_GRAPHS = 12;
/**
 * A faster token is computed on this thread. A worker thread adds 0.2 ms per token, and requests to this thread wait no
 * longer than the token takes.
 */
const SYNCHRONOUS_MS = 16;
/** Evaluations up to this size use the threads of answers: a token and its drafts. */
const FEW_TOKENS = 16;
/** Smaller evaluations are not used to measure the speed of prompts. */
const MANY_TOKENS = 48;

/** The input of products with weights, `[columns, rows]`, and the names of those weights. */
export interface ProductInput {
  readonly matrices: readonly string[];
  readonly columns: number;
  readonly values: Float32Array;
}

/** A network on a device. It evaluates tokens of sequences, graph by graph. */
export class Network implements Disposable {
  readonly #graphs: KeptGraphs<NetworkGraph>;
  #mask = new Uint16Array(0);
  /** The device that computes on the processor, if there is one. */
  readonly #cpu: Device | undefined;
  readonly #tokenThreads: ThreadGovernor;
  readonly #promptThreads: ThreadGovernor;
  #computing: Promise<void> = Promise.resolve();
  /** The network with other adapters, by the name of the adapters. */
  readonly #adapted = new Map<string, NetworkOptions>();
  /** The duration of the last evaluation of one token. */
  #tokenMs = Infinity;

  constructor(readonly options: NetworkOptions) {
    const { device, cpu } = options.placement;
    const { chatTable } = options.weights;
    if (chatTable) this.addAdapterSet('chat' satisfies Purpose, chatTable);
    this.#graphs = new KeptGraphs(graphMemoryOn(options.placement), KEPT_GRAPHS);
    this.#cpu = cpu ?? (device.kind === 'cpu' ? device : undefined);
    const threads = this.#cpu?.threads ?? 1;
    this.#tokenThreads = new ThreadGovernor(threads);
    this.#promptThreads = new ThreadGovernor(threads, 1);
  }

  /** The network with the adapters that count for a sequence. */
  optionsFor({ adapterSet }: Pick<SequenceCache, 'adapterSet'>): NetworkOptions {
    return this.#adapted.get(adapterSet) ?? this.options;
  }

  /** Makes sequences with this name of adapters use other weights. A name is used once. */
  addAdapterSet(name: string, table: WeightTable): void {
    this.#adapted.set(name, { ...this.options, weights: { ...this.options.weights, table } });
  }

  /** Forgets adapters, before their memory is freed. No sequence may use them. */
  removeAdapterSet(name: string): void {
    this.#adapted.delete(name);
    this.#graphs.drop((key) => key.split(' ')[1] === name);
  }

  /** Whether an evaluation ends soon after its signal aborts. */
  get isInterruptible(): boolean {
    const { device, cpu } = this.options.placement;
    return cpu === undefined && device.interruption !== undefined;
  }

  /** Computes on half the processor's threads from now on, or again on as many as are fastest. */
  beQuiet(isQuiet: boolean): void {
    this.#tokenThreads.isQuiet = this.#promptThreads.isQuiet = isQuiet;
  }

  /** The memory of intermediate results on a GPU. */
  get gpuBytes(): number {
    return this.#graphs.memory.gpuBytes;
  }

  /**
   * Appends tokens to a sequence. Resolves with the wanted rows of logits, `[rows · vocabulary]`. If `isInterruptible`,
   * rejects with the reason of a signal that aborts meanwhile, and the sequence is as before.
   */
  async evaluate(
    sequence: SequenceCache,
    tokens: readonly number[],
    wanted: WantedLogits,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const built = this.#graphFor(sequence, extentsFor(sequence, tokens.length), wanted);
    await this.#run(built, sequence, tokens, signal);
    return built.logits ? readF32(this.options.placement.device, built.logits) : new Float32Array(0);
  }

  /**
   * Appends tokens to a sequence. Resolves with the result of each norm in the blocks, summed over the tokens,
   * `[width]`, by its name ("blk.0.attn_norm").
   */
  async normSums(sequence: SequenceCache, tokens: readonly number[]): Promise<ReadonlyMap<string, Float32Array>> {
    return this.#norms(sequence, tokens, (graph, normed) =>
      sumRows(graph, contiguous(graph, transpose(graph, normed))),
    );
  }

  /**
   * Appends tokens to a sequence. Resolves with the result of each norm in the blocks, `[width · tokens]`, by its name.
   * These are the inputs of routers.
   */
  async norms(sequence: SequenceCache, tokens: readonly number[]): Promise<ReadonlyMap<string, Float32Array>> {
    return this.#norms(sequence, tokens, contiguous);
  }

  /**
   * Appends tokens to a sequence. Resolves with the results of `of` for their queries and the keys that they attend,
   * block by block.
   */
  async attention(
    sequence: SequenceCache,
    tokens: readonly number[],
    of: (graph: Graph, queries: ObservedQueries) => readonly Tensor[],
  ): Promise<readonly (readonly Float32Array[])[]> {
    const results: (readonly Tensor[])[] = [];
    const onQueries = (block: number, queries: ObservedQueries, graph: Graph): void => {
      const ofBlock = of(graph, queries);
      for (const result of ofBlock) graph.expand(result, { read: true });
      results[block] = ofBlock;
    };
    return this.#observe(sequence, tokens, { onQueries }, () =>
      results.map((ofBlock) => ofBlock.map((result) => readF32(this.options.placement.device, result))),
    );
  }

  /**
   * Appends tokens to a sequence. Resolves with the inputs of products with the weights whose names `isWatched`
   * accepts. Logits are computed only if their matrix is among them.
   */
  async productInputs(
    sequence: SequenceCache,
    tokens: readonly number[],
    isWatched: (name: string) => boolean,
  ): Promise<readonly ProductInput[]> {
    const inputs = new Map<Tensor, { readonly matrices: string[]; readonly kept: Tensor }>();
    const productInput = (graph: Graph, matrix: Tensor, input: Tensor): Tensor => {
      if (!isWatched(matrix.name)) return input;
      const known = inputs.get(input);
      if (known) known.matrices.push(matrix.name);
      else {
        // A copy, since memory under a view may be overwritten before it is read.
        const kept = contiguous(graph, input);
        graph.expand(kept, { read: true });
        inputs.set(input, { matrices: [matrix.name], kept });
      }
      return input;
    };
    const wanted = isWatched('output.weight') || isWatched('token_embd.weight') ? 'all' : 'observed';
    return this.#observe(sequence, tokens, { productInput, wanted }, () =>
      [...inputs.values()].map(({ matrices, kept }) => ({
        matrices,
        columns: kept.shape[0],
        values: readF32(this.options.placement.device, kept),
      })),
    );
  }

  async #norms(
    sequence: SequenceCache,
    tokens: readonly number[],
    of: (graph: Graph, normed: Tensor) => Tensor,
  ): Promise<ReadonlyMap<string, Float32Array>> {
    const results = new Map<string, Tensor>();
    const onNorm = (name: string, normed: Tensor, graph: Graph): void => {
      const result = of(graph, normed);
      graph.expand(result, { read: true });
      results.set(name, result);
    };
    return this.#observe(
      sequence,
      tokens,
      { onNorm },
      () => new Map([...results].map(([name, result]) => [name, readF32(this.options.placement.device, result)])),
    );
  }

  /**
   * Computes a graph on as many threads as are fastest now. If tokens are fast, the graph of a single token is computed
   * on this thread. Rejects as `Graph.compute`. `settled` waits for it.
   */
  async compute(
    graph: Graph,
    { tokens, isToken, signal }: { readonly tokens: number; readonly isToken: boolean; readonly signal?: AbortSignal },
  ): Promise<void> {
    const start = performance.now();
    this.#cpu?.setThreads((tokens <= FEW_TOKENS ? this.#tokenThreads : this.#promptThreads).threads);
    if (isToken && this.#tokenMs < SYNCHRONOUS_MS) graph.computeSync();
    else await (this.#computing = graph.compute(signal));
    const elapsedMs = performance.now() - start;
    if (tokens >= MANY_TOKENS) this.#promptThreads.record(elapsedMs / tokens);
    if (!isToken) return;
    this.#tokenMs = elapsedMs;
    this.#tokenThreads.record(elapsedMs);
  }

  /** Computes something else on the same weights. `settled` waits for it. */
  async exclusively(compute: () => Promise<void>): Promise<void> {
    await (this.#computing = compute());
  }

  /** Resolves when no evaluation is running. The network can then be disposed if no new one starts. */
  async settled(): Promise<void> {
    // Code that waited for an evaluation may have started the next.
    for (let computing: Promise<void> | undefined; computing !== this.#computing;) {
      computing = this.#computing;
      await computing.catch(() => undefined);
      await new Promise(setImmediate);
    }
  }

  /** Drops the graphs of a sequence. Call this before its cache is freed. */
  forget(sequence: SequenceCache): void {
    this.#graphs.drop((key) => key.startsWith(`${sequence.id} `));
  }

  [Symbol.dispose](): void {
    this.#graphs[Symbol.dispose]();
  }

  /** Appends tokens to a sequence by a graph of their own, and reads the tensors that the observer marked in it. */
  async #observe<Result>(
    sequence: SequenceCache,
    tokens: readonly number[],
    { wanted = 'observed', ...observer }: Observer & { readonly wanted?: 'all' | 'observed' },
    read: () => Result,
  ): Promise<Result> {
    using memory = graphMemoryOn(this.options.placement);
    const built = buildNetworkGraph(this.optionsFor(sequence), sequence, {
      extents: extentsFor(sequence, tokens.length),
      wanted,
      observer,
    });
    using graph = built.graph;
    graph.allocate(memory);
    await this.#run(built, sequence, tokens);
    return read();
  }

  async #run(
    built: NetworkGraph,
    sequence: SequenceCache,
    tokens: readonly number[],
    signal?: AbortSignal,
  ): Promise<void> {
    const { placement, hyperparameters } = this.options;
    const { device } = placement;
    const past = sequence.rows;
    write(device, built.tokens, Int32Array.from(tokens));
    if (built.positions)
      write(
        device,
        built.positions,
        Int32Array.from(tokens, (_, index) => sequence.length + index),
      );
    write(
      device,
      built.rows,
      BigInt64Array.from(tokens, (_, index) => BigInt(past + index)),
    );
    built.valueCells.write(device, { capacity: sequence.memoryRows, past });
    const masked = { tokens: tokens.length, attendedRows: built.attendedRows, past };
    if (built.mask) write(device, built.mask, this.#causalMask(masked));
    if (built.slidingMask)
      write(
        device,
        built.slidingMask,
        this.#causalMask({ ...masked, windowTokens: hyperparameters.sliding?.windowTokens }),
      );
    if (built.queryRows)
      write(
        device,
        built.queryRows,
        rememberedRows(sequence.length + tokens.length, built.queryRows.shape[0], sequence.lastQueries[0] as Tensor),
      );
    if (built.outputRows) write(device, built.outputRows, Int32Array.of(tokens.length - 1));
    sequence.beginEvaluation(tokens.length);
    await this.compute(built.graph, { tokens: tokens.length, isToken: tokens.length === 1, signal });
    sequence.append(tokens);
  }

  #graphFor(sequence: SequenceCache, extents: GraphExtents, wanted: WantedLogits): NetworkGraph {
    const { tokens, attendedRows, isFirst, stretch, slot } = extents;
    const options = this.optionsFor(sequence);
    return this.#graphs.obtain(
      `${sequence.id} ${sequence.adapterSet} ${tokens} ${attendedRows} ${isFirst} ${stretch} ${slot} ${wanted}`,
      () => buildNetworkGraph(options, sequence, { extents, wanted }),
      () => buildNetworkGraph(options, sequence, { extents: largestExtents(sequence), wanted: 'last' }),
    );
  }

  #causalMask(masked: MaskedTokens): Uint16Array<ArrayBuffer> {
    const mask = causalMask(masked, this.#mask);
    if (mask.length > this.#mask.length) this.#mask = mask;
    return mask;
  }
}
