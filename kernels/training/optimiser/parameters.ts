import type { Device } from '../../ggml/device.ts';
import type { Factors } from '../../blocks/lowRank.ts';
import { Storage } from '../../ggml/storage.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import { isQuantised, tensorTypes, type TensorType } from '../../ggml/types.ts';

/** Types in which a model is written, coarser than its gradients are computed with. */
const COARSE = ['Q5_0', 'Q4_0'] as const;
export type WeightType = 'F32' | 'BF16' | 'Q8_0' | (typeof COARSE)[number];

/** Whether gradients of inputs come from what rounding to this type leaves. */
export function isCoarse(type: TensorType): boolean {
  return COARSE.some((coarse) => coarse === type);
}

/** A tensor to train. */
export interface ParameterSpec {
  readonly name: string;
  readonly extents: readonly number[];
  /** Whether it is drawn to zero: matrices are, norms and biases are not. */
  readonly decays: boolean;
  /** Whether it is the first operand of products, which BF16 makes faster; else it is read in F32. */
  readonly isMatrix: boolean;
  /** The matrix of low rank of which this is a factor. */
  readonly factor?: { readonly matrix: string; readonly side: keyof Factors };
  /** Whether it is a matrix inside a block, which Muon may step: not an embedding, an output or a router. */
  readonly isHidden?: boolean;
}

export interface Parameter {
  readonly spec: ParameterSpec;
  /** F32: what is trained. */
  readonly master: Tensor;
  /** F32: summed over the batches of one step. */
  readonly gradient: Tensor;
  /**
   * `gradient`, and one more for each further network that computes at the same time: the optimiser adds them to the
   * first.
   */
  readonly gradients: readonly [Tensor, ...Tensor[]];
  /** F32: AdamW's moments; of what Muon steps the first is the velocity, and there is no second. */
  readonly first: Tensor;
  readonly second: Tensor;
  /** What networks read: the master, or its rounding to the weight type. */
  readonly forward: Tensor;
  /** `forward` with its first two dimensions swapped, for the gradients of its inputs. */
  readonly transposed: Tensor | undefined;
}

/** The tensors that are trained, with all that belongs to each, in a device's memory. Everything is zero at first. */
export class Parameters implements Disposable {
  readonly all: readonly Parameter[];
  readonly #values: Storage;
  readonly #gradients: Storage;

  /**
   * `weightType` is what matrices are rounded to for products, while masters stay F32. With 'Q8_0' those whose two
   * extents are whole blocks are, and what meets them in products is rounded to the same by ggml; the others are BF16.
   * With 'Q5_0' and 'Q4_0' matrices inside blocks are that, and gradients of inputs come from what is left of them
   * (straight-through estimator: Bengio et al. 2013, arXiv 1308.3432), in Q8_0 as all other matrices are.
   */
  constructor(
    readonly device: Device,
    specs: readonly ParameterSpec[],
    readonly weightType: WeightType,
    /** How many networks add to gradients at the same time. */
    readonly networks = 1,
  ) {
    this.#values = new Storage(device, { maxTensors: specs.length * 5 });
    this.#gradients = new Storage(device, { maxTensors: specs.length * networks });
    this.all = specs.map((spec) => {
      const { name, extents, isMatrix } = spec;
      const master = this.#values.declare(name, 'F32', extents);
      const [columns = 1, rows = 1, ...batches] = extents;
      const isBlocks =
        extents.length === 2 && [columns, rows].every((extent) => extent % tensorTypes[weightType].blockElements === 0);
      const type = isBlocks ? (isCoarse(weightType) ? 'Q8_0' : weightType) : this.productType;
      const forwardType = isBlocks && spec.isHidden === true ? weightType : type;
      const gradient = this.#gradients.declare(`${name}.gradient`, 'F32', extents);
      const others = Array.from({ length: networks - 1 }, (_, index) =>
        this.#gradients.declare(`${name}.gradient.${index + 1}`, 'F32', extents),
      );
      return {
        spec,
        master,
        gradient,
        gradients: [gradient, ...others],
        first: this.#values.declare(`${name}.first`, 'F32', extents),
        second: this.#values.declare(`${name}.second`, 'F32', extents),
        forward:
          isMatrix && forwardType !== 'F32' ? this.#values.declare(`${name}.rounded`, forwardType, extents) : master,
        transposed: isMatrix
          ? this.#values.declare(`${name}.transposed`, type, [rows, columns, ...batches])
          : undefined,
      };
    });
    this.#values.allocate({ clear: true });
    this.#gradients.allocate({ clear: true });
  }

  /** Type in which matrices that are no weights are multiplied. */
  get productType(): 'F32' | 'BF16' {
    return this.weightType === 'F32' ? 'F32' : 'BF16';
  }

  /**
   * Gradients are held times this. What meets Q8_0 in products is rounded to blocks whose scale is a float16, and
   * gradients of a mean over thousands of tokens are smaller than that can say (loss scaling: Micikevicius et al. 2018,
   * arXiv 1710.03740).
   */
  get gradientScale(): number {
    return isQuantised(this.weightType) ? 2 ** 16 : 1;
  }

  get sizeBytes(): number {
    return this.#values.sizeBytes + this.#gradients.sizeBytes;
  }

  /** Forgets the gradients of the step before. */
  clearGradients(): void {
    this.#gradients.clear();
  }

  [Symbol.dispose](): void {
    this.#values[Symbol.dispose]();
    this.#gradients[Symbol.dispose]();
  }
}
