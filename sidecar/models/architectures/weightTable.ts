import type { LinearWeights } from '../../../kernels/blocks/linear.ts';
import type { NormWeights } from '../../../kernels/blocks/norm.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/** A model's tensors by name. All that an architecture requires are there: loading checked it. */
export class WeightTable {
  constructor(private readonly tensors: ReadonlyMap<string, Tensor>) {}

  get all(): ReadonlyMap<string, Tensor> {
    return this.tensors;
  }

  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`The tensor ${name} was not loaded: the architecture's list of weights lacks it.`);
    return tensor;
  }

  optional(name: string): Tensor | undefined {
    return this.tensors.get(name);
  }

  linear(name: string): LinearWeights {
    return { weight: this.tensor(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  norm(name: string): NormWeights {
    return { weight: this.tensor(`${name}.weight`), bias: this.optional(`${name}.bias`) };
  }

  optionalNorm(name: string): NormWeights | undefined {
    return this.optional(`${name}.weight`) && this.norm(name);
  }
}
