import { Graph } from '../ggml/graph.ts';
import { DeviceMemory } from '../ggml/graphMemory.ts';
import { copy, mul, reshape, sqr, sumRows, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { stepAdamW } from '../ggml/trainingOps.ts';
import { readF32, write } from '../ggml/transfer.ts';
import { defaultAdamW, type AdamWOptions } from './adamWOptions.ts';
import type { Parameters } from './parameters.ts';

/** Gradients hold infinities or no numbers. Nothing was changed by the step. */
export class NonFiniteGradientError extends Error {
  override readonly name = 'NonFiniteGradientError';
}

/** AdamW with decoupled weight decay (arXiv 1711.05101) and clipping by the global norm (arXiv 1211.5063), on the parameters' device. */
export class AdamW implements Disposable {
  readonly #memories: DeviceMemory[] = [];
  readonly #normGraph: Graph;
  readonly #squares: readonly Tensor[];
  readonly #stepGraph: Graph;
  readonly #roundGraph: Graph | undefined;
  readonly #factor: Tensor;
  readonly #settings: { readonly tensor: Tensor; readonly weightDecay: number }[] = [];

  constructor(
    private readonly parameters: Parameters,
    private readonly options: AdamWOptions = defaultAdamW,
  ) {
    const { device, all } = parameters;
    const maxNodes = 64 + all.length * 16;
    const normGraph = (this.#normGraph = new Graph(device, { maxNodes }));
    this.#squares = all.map(({ gradient }) => {
      const rows = sumRows(normGraph, sqr(normGraph, gradient));
      const sum = sumRows(normGraph, reshape(normGraph, rows, [rows.elements]));
      normGraph.expand(sum, { read: true });
      return sum;
    });
    this.#place(normGraph);

    const graph = (this.#stepGraph = new Graph(device, { maxNodes }));
    this.#factor = graph.input('factor', 'F32', [1]);
    for (const decays of [true, false]) {
      const group = all.filter(({ spec }) => spec.decays === decays);
      if (group.length === 0) continue;
      const settings = graph.input(decays ? 'decaying' : 'notDecaying', 'F32', [7]);
      this.#settings.push({ tensor: settings, weightDecay: decays ? options.weightDecay : 0 });
      for (const parameter of group) {
        const { master, first, second } = parameter;
        const gradient = mul(graph, parameter.gradient, this.#factor);
        round(graph, parameter, stepAdamW(graph, { weight: master, gradient, first, second }, settings));
      }
    }
    this.#place(graph);

    if (all.some(({ forward, master, transposed }) => forward !== master || transposed)) {
      const roundGraph = (this.#roundGraph = new Graph(device, { maxNodes }));
      for (const parameter of all) round(roundGraph, parameter, parameter.master, { isNew: false });
      this.#place(roundGraph);
    }
  }

  /** Makes what networks read from the masters, after these were written from outside. */
  async refresh(): Promise<void> {
    await this.#roundGraph?.compute();
  }

  /**
   * Step number `step`, from 1, with the gradients that were summed. Resolves with their norm before clipping. Throws
   * `NonFiniteGradientError`, and has changed nothing then.
   */
  async step(step: number, rate: number): Promise<{ gradientNorm: number }> {
    const { device } = this.parameters;
    const { beta1, beta2, epsilon, clipNorm } = this.options;
    await this.#normGraph.compute();
    const gradientNorm = Math.sqrt(this.#squares.reduce((sum, square) => sum + (readF32(device, square)[0] as number), 0));
    if (!Number.isFinite(gradientNorm)) throw new NonFiniteGradientError(`The gradients' norm is ${gradientNorm} in step ${step}.`);
    write(device, this.#factor, Float32Array.of(Math.min(1, clipNorm / (gradientNorm + 1e-6))));
    for (const { tensor, weightDecay } of this.#settings) {
      write(device, tensor, Float32Array.of(rate, beta1, beta2, epsilon, weightDecay, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)));
    }
    await this.#stepGraph.compute();
    return { gradientNorm };
  }

  [Symbol.dispose](): void {
    this.#normGraph[Symbol.dispose]();
    this.#stepGraph[Symbol.dispose]();
    this.#roundGraph?.[Symbol.dispose]();
    for (const memory of this.#memories) memory[Symbol.dispose]();
  }

  /** Each graph has memory of its own: growing a shared one would take it from the graphs placed before. */
  #place(graph: Graph): void {
    const memory = new DeviceMemory(this.parameters.device);
    this.#memories.push(memory);
    graph.allocate(memory);
  }
}

/** Adds the copies that networks read of a parameter's value. */
function round(graph: Graph, { master, forward, transposed }: Parameters['all'][0], value: Tensor, { isNew } = { isNew: true }): void {
  if (isNew) graph.expand(value);
  if (forward !== master) graph.expand(copy(graph, value, forward));
  if (transposed) graph.expand(copy(graph, transpose(graph, value), transposed));
}
