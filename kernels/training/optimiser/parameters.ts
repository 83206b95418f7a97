import type { Device } from '../../ggml/device.ts';
import type { Factors } from '../../blocks/lowRank.ts';
import { Storage } from '../../ggml/storage.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import { isQuantised, tensorTypes, type TensorType } from '../../ggml/types.ts';

/** Weight types that are too coarse for computing gradients. */
const COARSE = ['Q5_0', 'Q4_0'] as const;
export type WeightType = 'F32' | 'BF16' | 'Q8_0' | (typeof COARSE)[number];

/** Whether gradients of inputs are computed from the weights after rounding to this type. */
export function isCoarse(type: TensorType): boolean {
  return COARSE.some((coarse) => coarse === type);
}

/** The name, shape and role of a tensor to train. */
export interface ParameterSpec {
  readonly name: string;
  readonly extents: readonly number[];
  /** Whether weight decay applies: to matrices, not to norms and biases. */
  readonly decays: boolean;
  /** Whether it is the first operand of products, which BF16 makes faster. Other tensors are read in F32. */
  readonly isMatrix: boolean;
  /** The low-rank matrix of which this is a factor. */
  readonly factor?: { readonly matrix: string; readonly side: keyof Factors };
  /** Whether products read it in F32, whatever the weight type. */
  readonly inFloat32?: boolean;
  /** Whether it is a matrix inside a block, which Muon may step: not an embedding, an output or a router. */
  readonly isHidden?: boolean;
}

export interface Parameter {
  readonly spec: ParameterSpec;
  /** F32: the trained values. */
  readonly master: Tensor;
  /** F32: summed over the batches of a step. */
  readonly gradient: Tensor;
  /**
   * `gradient`, and another tensor for each further network that runs in parallel. The optimiser adds them to the
   * first.
   */
  readonly gradients: readonly [Tensor, ...Tensor[]];
  /** F32: AdamW's first moment. For Muon it is the velocity, and the second moment is unused. */
  readonly first: Tensor;
  readonly second: Tensor;
  /** The weights that networks read: the master, or its copy rounded to the weight type. */
  readonly forward: Tensor;
  /** `forward` with its first two dimensions swapped, for the gradients of its inputs. */
  readonly transposed: Tensor | undefined;
}

export interface ParametersOptions {
  /** How many networks write gradients at the same time. Default: 1. */
  readonly networks?: number;
  /** Whether gradients pass through quantised weights that are not trained, so that they must be scaled. */
  readonly scalesGradients?: boolean;
}

/** The trained tensors with their gradients, moments and copies, in a device's memory. All values are zero at first. */
export class Parameters implements Disposable {
  readonly all: readonly Parameter[];
  readonly #values: Storage;
  readonly #gradients: Storage;

  /**
   * Declares the tensors. `weightType` is the type that matrices are rounded to for products; masters stay F32.
   *
   * With 'Q8_0', matrices whose two extents are whole blocks are rounded, and ggml rounds the other operand likewise.
   * The rest are BF16. With 'Q5_0' and 'Q4_0', only matrices inside blocks get that type and all other such matrices
   * Q8_0. Gradients of inputs are computed from the rounded weights in Q8_0 (straight-through estimator: Bengio et al.
   * 2013, arXiv 1308.3432).
   */
  constructor(
    readonly device: Device,
    specs: readonly ParameterSpec[],
    readonly weightType: WeightType,
    private readonly options: ParametersOptions = {},
  ) {
    const { networks } = this;
    this.#values = new Storage(device, { maxTensors: specs.length * 5 });
    this.#gradients = new Storage(device, { maxTensors: specs.length * networks });
    this.all = specs.map((spec) => {
      const { name, extents, isMatrix } = spec;
      const master = this.#values.declare(name, 'F32', extents);
      const [columns = 1, rows = 1, ...batches] = extents;
      const isBlocks =
        extents.length === 2 && [columns, rows].every((extent) => extent % tensorTypes[weightType].blockElements === 0);
      const rounded = isBlocks ? (isCoarse(weightType) ? 'Q8_0' : weightType) : this.productType;
      const type = spec.inFloat32 ? 'F32' : rounded;
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

  /** The type in which matrices other than weights are multiplied. */
  get productType(): 'F32' | 'BF16' {
    return this.weightType === 'F32' ? 'F32' : 'BF16';
  }

  /**
   * The factor of the stored gradients (loss scaling: Micikevicius et al. 2018, arXiv 1710.03740). Operands of Q8_0
   * products are rounded to blocks with a float16 scale, which can't represent gradients of a mean over thousands of
   * tokens.
   */
  get gradientScale(): number {
    return isQuantised(this.weightType) || this.options.scalesGradients ? 2 ** 16 : 1;
  }

  /** How many networks write gradients at the same time. */
  get networks(): number {
    return this.options.networks ?? 1;
  }

  get sizeBytes(): number {
    return this.#values.sizeBytes + this.#gradients.sizeBytes;
  }

  /** Clears the gradients of the previous step. */
  clearGradients(): void {
    this.#gradients.clear();
  }

  [Symbol.dispose](): void {
    this.#values[Symbol.dispose]();
    this.#gradients[Symbol.dispose]();
  }
}
