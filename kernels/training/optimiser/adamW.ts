import { frobeniusDecay } from '../../blocks/lowRank.ts';
import type { Device } from '../../ggml/device.ts';
import { Graph } from '../../ggml/graph.ts';
import { DeviceMemory } from '../../ggml/graphMemory.ts';
import { cast, contiguous, copy, mul, reshape, sqr, sumRows, transpose } from '../../ggml/ops.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import { addInto, stepAdamW } from '../../ggml/trainingOps.ts';
import { readF32, write } from '../../ggml/transfer.ts';
import { isQuantised } from '../../ggml/types.ts';
import { defaultAdamW, type AdamWOptions } from './adamWOptions.ts';
import { MUON_NODES, stepMuon } from './muon.ts';
import { isCoarse, type Parameter, type Parameters } from './parameters.ts';

/** Gradients are infinite or NaN. The step changed nothing. */
export class NonFiniteGradientError extends Error {
  override readonly name = 'NonFiniteGradientError';
}

/** A tensor of settings, and the values that a step writes into it. */
interface Settings {
  readonly tensor: Tensor;
  readonly values: (rate: number, step: number) => Float32Array;
}

/**
 * AdamW with decoupled weight decay (arXiv 1711.05101), or Muon for hidden matrices, with clipping by the global norm
 * (arXiv 1211.5063). It runs on the parameters' device. Several devices that share its memory may divide the parameters
 * among them.
 */
export class AdamW implements Disposable {
  readonly #memories: DeviceMemory[] = [];
  readonly #normGraphs: Graph[] = [];
  readonly #squares = new Map<Parameter, Tensor>();
  readonly #stepGraphs: Graph[] = [];
  readonly #roundGraphs: Graph[] = [];
  readonly #factors: Tensor[] = [];
  readonly #settings: Settings[] = [];

  constructor(
    private readonly parameters: Parameters,
    private readonly options: AdamWOptions = defaultAdamW,
    devices: readonly Device[] = [parameters.device],
  ) {
    shareOut(unitsOf(parameters.all, options), devices.length).forEach((share, index) => {
      const device = devices[index] as Device;
      const steppedByMuon = share.filter((parameter) => this.#isMuons(parameter)).length;
      const maxNodes = 64 + share.length * (32 + parameters.networks) + steppedByMuon * MUON_NODES;
      this.#normGraphs.push(this.#place(new Graph(device, { maxNodes }), (graph) => this.#buildNorms(graph, share)));
      this.#stepGraphs.push(this.#place(new Graph(device, { maxNodes }), (graph) => this.#buildSteps(graph, share)));
      if (share.some(({ forward, master, transposed }) => forward !== master || transposed)) {
        this.#roundGraphs.push(
          this.#place(new Graph(device, { maxNodes }), (graph) =>
            share.forEach((parameter) => round(graph, parameter, parameter.master, { isNew: false })),
          ),
        );
      }
    });
  }

  /** Recomputes the rounded copies from the masters, after these were written from outside. */
  async refresh(): Promise<void> {
    await computeAll(this.#roundGraphs);
  }

  /**
   * Runs step number `step`, from 1, with the accumulated gradients. Resolves with their norm before clipping. Rejects
   * with `NonFiniteGradientError`, without changing anything.
   */
  async step(step: number, rate: number): Promise<{ gradientNorm: number }> {
    const { device, all, gradientScale } = this.parameters;
    const { clipNorm } = this.options;
    await computeAll(this.#normGraphs);
    // Summed in the order of the parameters, so that the sum does not depend on how devices divide them.
    const gradientNorm =
      Math.sqrt(
        all.reduce((sum, parameter) => sum + (readF32(device, this.#squares.get(parameter) as Tensor)[0] as number), 0),
      ) / gradientScale;
    if (!Number.isFinite(gradientNorm))
      throw new NonFiniteGradientError(`The norm of the gradients is ${gradientNorm} in step ${step}.`);
    for (const factor of this.#factors)
      write(device, factor, Float32Array.of(Math.min(1, clipNorm / (gradientNorm + 1e-6)) / gradientScale));
    for (const { tensor, values } of this.#settings) write(device, tensor, values(rate, step));
    await computeAll(this.#stepGraphs);
    return { gradientNorm };
  }

  [Symbol.dispose](): void {
    for (const graph of [...this.#normGraphs, ...this.#stepGraphs, ...this.#roundGraphs]) graph[Symbol.dispose]();
    for (const memory of this.#memories) memory[Symbol.dispose]();
  }

  #buildNorms(graph: Graph, share: readonly Parameter[]): void {
    for (const parameter of share) {
      const [first, ...others] = parameter.gradients;
      const gradient = others.reduce((sum, other) => addInto(graph, sum, other), first);
      const rows = sumRows(graph, sqr(graph, gradient));
      const sum = sumRows(graph, reshape(graph, rows, [rows.elements]));
      graph.expand(sum, { read: true });
      this.#squares.set(parameter, sum);
    }
  }

  #buildSteps(graph: Graph, share: readonly Parameter[]): void {
    const factor = graph.input('factor', 'F32', [1]);
    this.#factors.push(factor);
    this.#buildMuonSteps(
      graph,
      factor,
      share.filter((parameter) => this.#isMuons(parameter)),
    );
    const factors = share.filter((parameter) => decaysAsProduct(parameter, this.options));
    if (factors.length > 0) this.#buildProductDecay(graph, factors);
    for (const decays of [true, false]) {
      const group = share.filter(
        (parameter) => (parameter.spec.decays && !factors.includes(parameter)) === decays && !this.#isMuons(parameter),
      );
      if (group.length === 0) continue;
      const settings = graph.input(decays ? 'decaying' : 'notDecaying', 'F32', [7]);
      const { beta1, beta2, epsilon, weightDecay } = this.options;
      this.#settings.push({
        tensor: settings,
        values: (rate, step) =>
          Float32Array.of(
            rate,
            beta1,
            beta2,
            epsilon,
            decays ? weightDecay : 0,
            1 / (1 - beta1 ** step),
            1 / (1 - beta2 ** step),
          ),
      });
      for (const parameter of group) {
        const { master, first, second } = parameter;
        const gradient = mul(graph, parameter.gradient, factor);
        round(graph, parameter, stepAdamW(graph, { weight: master, gradient, first, second }, settings));
      }
    }
  }

  /** Decoupled like AdamW's own decay: neither clipped nor part of the moments. */
  #buildProductDecay(graph: Graph, factors: readonly Parameter[]): void {
    const decay = graph.input('productDecay', 'F32', [1]);
    const { weightDecay } = this.options;
    this.#settings.push({ tensor: decay, values: (rate) => Float32Array.of(-rate * weightDecay) });
    for (const [down, up] of pairsOf(factors)) {
      const slopes = frobeniusDecay(graph, { down: down.master, up: up.master });
      // Both gradients are computed before either factor changes.
      graph.expand(slopes.down);
      graph.expand(slopes.up);
      graph.expand(addInto(graph, down.master, mul(graph, slopes.down, decay)));
      graph.expand(addInto(graph, up.master, mul(graph, slopes.up, decay)));
    }
  }

  #buildMuonSteps(graph: Graph, factor: Tensor, share: readonly Parameter[]): void {
    const { muonMomentum, weightDecay } = this.options;
    if (muonMomentum === undefined || share.length === 0) return;
    const [rate, kept] = [graph.input('rate', 'F32', [1]), graph.input('kept', 'F32', [1])];
    this.#settings.push(
      { tensor: rate, values: (value) => Float32Array.of(value) },
      { tensor: kept, values: (value) => Float32Array.of(1 - value * weightDecay) },
    );
    const { productType } = this.parameters;
    for (const parameter of share) {
      const { master, first } = parameter;
      const gradient = mul(graph, parameter.gradient, factor);
      round(
        graph,
        parameter,
        stepMuon(
          graph,
          { weight: master, gradient, velocity: first },
          { rate, kept, momentum: muonMomentum, productType },
        ),
      );
    }
  }

  #isMuons({ spec }: Parameter): boolean {
    return this.options.muonMomentum !== undefined && spec.isHidden === true;
  }

  /** Gives each graph its own memory. A shared memory that grows would invalidate the graphs placed earlier. */
  #place(graph: Graph, build: (graph: Graph) => void): Graph {
    build(graph);
    const memory = new DeviceMemory(graph.device);
    this.#memories.push(memory);
    graph.allocate(memory);
    return graph;
  }
}

const computeAll = async (graphs: readonly Graph[]): Promise<unknown> =>
  Promise.all(graphs.map((graph) => graph.compute()));

const decaysAsProduct = ({ spec }: Parameter, { factorDecay }: AdamWOptions): boolean =>
  factorDecay === 'frobenius' && spec.decays && spec.factor !== undefined;

/**
 * Groups the parameters that a graph must compute together: the factors of a matrix whose product decays. Every other
 * parameter is alone.
 */
function unitsOf(parameters: readonly Parameter[], options: AdamWOptions): readonly (readonly Parameter[])[] {
  return [
    ...parameters.filter((parameter) => !decaysAsProduct(parameter, options)).map((parameter) => [parameter]),
    ...pairsOf(parameters.filter((parameter) => decaysAsProduct(parameter, options))),
  ];
}

/** Pairs the factors `Vᵀ` and `U` of each matrix. */
function pairsOf(factors: readonly Parameter[]): readonly (readonly [down: Parameter, up: Parameter])[] {
  return factors
    .filter(({ spec }) => spec.factor?.side === 'down')
    .map((down) => {
      const up = factors.find(
        ({ spec }) => spec.factor?.side === 'up' && spec.factor.matrix === down.spec.factor?.matrix,
      );
      if (!up) throw new Error(`The factor ${down.spec.name} has no counterpart.`);
      return [down, up];
    });
}

/**
 * Divides units into shares of similar size, without empty shares. The largest unit comes first, and each goes to the
 * smallest share.
 */
function shareOut(units: readonly (readonly Parameter[])[], count: number): readonly (readonly Parameter[])[] {
  const shares = Array.from({ length: count }, () => ({ elements: 0, parameters: [] as Parameter[] }));
  const sized = units.map((parameters) => ({
    parameters,
    elements: parameters.reduce((sum, { master }) => sum + master.elements, 0),
  }));
  for (const { parameters, elements } of sized.sort((a, b) => b.elements - a.elements)) {
    const smallest = shares.reduce((least, share) => (share.elements < least.elements ? share : least));
    smallest.elements += elements;
    smallest.parameters.push(...parameters);
  }
  return shares.map((share) => share.parameters).filter(({ length }) => length > 0);
}

/** Adds the rounded and transposed copies of a parameter's value. */
function round(
  graph: Graph,
  { master, forward, transposed }: Parameter,
  value: Tensor,
  { isNew } = { isNew: true },
): void {
  if (isNew) graph.expand(value);
  const rounded = forward === master ? value : copy(graph, value, forward);
  graph.expand(rounded);
  if (!transposed) return;
  const turned = transpose(graph, isCoarse(forward.type) ? cast(graph, rounded, 'F32') : value);
  // Blocks consist of values that are neighbours in memory.
  graph.expand(copy(graph, isQuantised(transposed.type) ? contiguous(graph, turned) : turned, transposed));
}
