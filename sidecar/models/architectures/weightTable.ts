import type { ConvolutionWeights } from '../../../kernels/blocks/causalConvolution.ts';
import type { AttentionExperts } from '../../../kernels/blocks/attentionExperts.ts';
import { ExpertGates, type LowRankRouter } from '../../../kernels/blocks/expertGates.ts';
import type { LinearWeights, Matrix } from '../../../kernels/blocks/linear.ts';
import type { LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import type { ExpertLinearWeights } from '../../../kernels/blocks/mixtureOfExperts.ts';
import type { NormWeights } from '../../../kernels/blocks/norm.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/** Low-rank experts with routers. */
export interface LowRankMixture {
  /** By the names of the tensors that they change, without a base. */
  readonly matrices: ReadonlyMap<string, LowRankMatrix>;
  /** By block. */
  readonly routers: ReadonlyMap<number, LowRankRouter>;
  /** The experts that attend with queries of their own, by block. */
  readonly attention: ReadonlyMap<number, Omit<AttentionExperts, 'gates'>>;
}

/** A model's tensors by name. Loading has checked that all required tensors are there. */
export class WeightTable {
  /**
   * `lowRank` replaces matrices, by the names of the tensors that they stand for. `mixture` changes them further.
   * `gates`: those of the block that the table is for.
   */
  constructor(
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private readonly lowRank: ReadonlyMap<string, LowRankMatrix> = new Map(),
    private readonly mixture?: LowRankMixture,
    readonly gates?: ExpertGates,
  ) {}

  get all(): ReadonlyMap<string, Tensor> {
    return this.tensors;
  }

  /** The same tensors, with matrices that have factors. */
  withLowRank(lowRank: ReadonlyMap<string, LowRankMatrix>, mixture?: LowRankMixture): WeightTable {
    return new WeightTable(this.tensors, lowRank, mixture);
  }

  /** The table for building one block of a graph. `outputRows` as in `BlockContext`. */
  forBlock(graph: Graph, block: number, outputRows: Tensor | undefined): WeightTable {
    const router = this.mixture?.routers.get(block);
    if (!router) return this;
    return new WeightTable(this.tensors, this.lowRank, this.mixture, new ExpertGates(graph, router, outputRows));
  }

  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor)
      throw new Error(`The tensor ${name} was not loaded, because the architecture's list of weights lacks it.`);
    return tensor;
  }

  optional(name: string): Tensor | undefined {
    return this.tensors.get(name);
  }

  has(name: string): boolean {
    return this.tensors.has(name) || this.lowRank.has(name);
  }

  matrix(name: string): Matrix {
    const base = this.lowRank.get(name) ?? this.tensor(name);
    const experts = this.mixture?.matrices.get(name);
    // Without a block's input there are no gates, so only the model itself counts.
    return experts && this.gates ? { ...experts, base, gates: this.gates } : base;
  }

  /** The experts that attend in a block, if the table is for building it. */
  attentionExperts(block: number): AttentionExperts | undefined {
    const experts = this.mixture?.attention.get(block);
    return experts && this.gates ? { ...experts, gates: this.gates } : undefined;
  }

  linear(name: string): LinearWeights {
    return { weight: this.matrix(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  /** A convolution along the tokens. */
  convolution(name: string): ConvolutionWeights {
    return { weight: this.tensor(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  /** The stacked matrices of all experts. */
  experts(name: string): ExpertLinearWeights {
    return { weight: this.tensor(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  norm(name: string): NormWeights {
    return { weight: this.tensor(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  optionalNorm(name: string): NormWeights | undefined {
    return this.optional(`${name}.weight`) && this.norm(name);
  }
}
