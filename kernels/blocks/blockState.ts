import type { Tensor } from '../ggml/tensor.ts';

/** The state of a recurrent block behind some tokens. Its size does not depend on their number. */
export interface BlockState {
  /** `[kernel − 1, channels]`, F32: the last inputs of the convolution. */
  readonly convolution: Tensor;
  /** `[stateSize, headSize, heads]`, F32 */
  readonly memory: Tensor;
}

/** The states of a block before and after the tokens of an evaluation. They do not share memory. */
export interface StateStep {
  readonly before: BlockState;
  readonly after: BlockState;
  /** `[1]`, I32: 0. ggml picks a state by a number. */
  readonly stateId: Tensor;
}
