import type { ConvolutionWeights } from '../../../kernels/blocks/causalConvolution.ts';
import type { LinearWeights, Matrix } from '../../../kernels/blocks/linear.ts';
import type { LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import type { ExpertLinearWeights } from '../../../kernels/blocks/mixtureOfExperts.ts';
import type { NormWeights } from '../../../kernels/blocks/norm.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/** A model's tensors by name. Loading has checked that all required tensors are there. */
export class WeightTable {
  /** `lowRank` replaces matrices, by the names of the tensors that they stand for. */
  constructor(
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private readonly lowRank: ReadonlyMap<string, LowRankMatrix> = new Map(),
  ) {}

  get all(): ReadonlyMap<string, Tensor> {
    return this.tensors;
  }

  /** The same tensors, with matrices that have factors. */
  withLowRank(lowRank: ReadonlyMap<string, LowRankMatrix>): WeightTable {
    return new WeightTable(this.tensors, lowRank);
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
    return this.lowRank.get(name) ?? this.tensor(name);
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
