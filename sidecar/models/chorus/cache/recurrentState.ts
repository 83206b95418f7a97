import type { BlockState, StateStep } from '../../../../kernels/blocks/blockState.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { read, write } from '../../../../kernels/ggml/transfer.ts';
import { isRecurrent, stateBytes, type Hyperparameters } from '../../architectures/architecture.ts';
import type { BlockStorage } from '../network/blockStorage.ts';

/** The most checkpoints of a sequence, and the bytes that they should not exceed. Two are always possible. */
const [MOST_CHECKPOINTS, LEAST_CHECKPOINTS, CHECKPOINT_BYTES] = [8, 2, 192e6];

/** Returns how many checkpoints a sequence may have. */
export function checkpointLimit(hyperparameters: Hyperparameters): number {
  const bytes = stateBytes(hyperparameters);
  if (bytes === 0) return 0;
  return Math.max(LEAST_CHECKPOINTS, Math.min(MOST_CHECKPOINTS, Math.floor(CHECKPOINT_BYTES / bytes)));
}

/** The state behind the first `length` tokens, in main memory. */
interface Checkpoint {
  readonly length: number;
  readonly bytes: Uint8Array;
}

/**
 * The states of a sequence's recurrent blocks. A state stands for all tokens so far, and no token can be taken out of
 * it. So the state before the last evaluation is kept, as are copies of some earlier ones.
 */
export class RecurrentState {
  /** By block; absent for blocks that attend. Two states, of which an evaluation reads one and writes the other. */
  readonly #blocks: readonly (readonly [BlockState, BlockState] | undefined)[];
  readonly #ids: readonly (Tensor | undefined)[];
  readonly #limit: number;
  readonly #sizeBytes: number;
  #current: 0 | 1 = 0;
  /** The tokens in the current state. */
  #length = 0;
  /** The tokens in the other state, if it holds one. */
  #before: number | undefined;
  #checkpoints: Checkpoint[] = [];

  constructor(
    storage: BlockStorage,
    hyperparameters: Hyperparameters,
    private readonly deviceOf: (block: number) => Device,
  ) {
    const blocks = Array.from({ length: hyperparameters.blockCount }, (_, block) => block);
    this.#limit = checkpointLimit(hyperparameters);
    this.#sizeBytes = stateBytes(hyperparameters);
    this.#blocks = blocks.map((block) =>
      isRecurrent(hyperparameters, block)
        ? [declareState(storage, hyperparameters, block, 0), declareState(storage, hyperparameters, block, 1)]
        : undefined,
    );
    this.#ids = this.#blocks.map((states, block) => states && storage.declare(block, 'stateId', 'I32', [1]));
  }

  /** Which of the two states the next evaluation reads. It is a part of what determines a graph. */
  get slot(): 0 | 1 {
    return this.#current;
  }

  /** The states that an evaluation from `slot` reads and writes in a block; `undefined` if the block attends. */
  step(block: number, slot: 0 | 1): StateStep | undefined {
    const states = this.#blocks[block];
    return states && { before: states[slot], after: states[slot === 0 ? 1 : 0], stateId: this.#ids[block] as Tensor };
  }

  /** Says that an evaluation begins, which overwrites the state before the last one. */
  begin(): void {
    this.#before = undefined;
  }

  /** Says that an evaluation of tokens has ended. */
  advance(tokens: number): void {
    this.#current = this.#current === 0 ? 1 : 0;
    this.#before = this.#length;
    this.#length += tokens;
  }

  /** Goes back to the longest length of at most `length` tokens whose state is known, and returns it. */
  goBack(length: number): number {
    if (length >= this.#length) return this.#length;
    this.#checkpoints = this.#checkpoints.filter((checkpoint) => checkpoint.length <= length);
    const checkpoint = this.#checkpoints.at(-1);
    const before = this.#before !== undefined && this.#before <= length ? this.#before : undefined;
    this.#before = undefined;
    if (before !== undefined && before >= (checkpoint?.length ?? 0)) {
      this.#current = this.#current === 0 ? 1 : 0;
      return (this.#length = before);
    }
    const bytes = checkpoint?.bytes ?? new Uint8Array(this.#sizeBytes);
    this.#each(this.#current, bytes, (device, tensor, part) => write(device, tensor, part));
    return (this.#length = checkpoint?.length ?? 0);
  }

  /** The tokens behind the last checkpoint. */
  get tokensSinceCheckpoint(): number {
    return this.#length - (this.#checkpoints.at(-1)?.length ?? 0);
  }

  /** Keeps a copy of the current state. If there are too many, the copy closest to its neighbours is dropped. */
  checkpoint(): void {
    this.#copy(this.#current, this.#length);
  }

  /** Keeps a copy of the state before the last evaluation, if it is still there. */
  checkpointBefore(): void {
    if (this.#before !== undefined) this.#copy(this.#current === 0 ? 1 : 0, this.#before);
  }

  #copy(slot: 0 | 1, length: number): void {
    if (length <= (this.#checkpoints.at(-1)?.length ?? 0)) return;
    const bytes = this.#checkpoints.length < this.#limit ? new Uint8Array(this.#sizeBytes) : this.#dropOne(length);
    this.#each(slot, bytes, (device, tensor, part) => read(device, tensor, part));
    this.#checkpoints.push({ length, bytes });
  }

  /** Drops a checkpoint, and returns its memory. */
  #dropOne(nextLength: number): Uint8Array {
    const lengths = [0, ...this.#checkpoints.map(({ length }) => length), nextLength];
    const gaps = this.#checkpoints.map((_, index) => lengths[index + 2]! - lengths[index]!);
    const [dropped] = this.#checkpoints.splice(gaps.indexOf(Math.min(...gaps)), 1);
    return dropped!.bytes;
  }

  /** Calls `visit` for each tensor of a state with its part of `bytes`. */
  #each(slot: 0 | 1, bytes: Uint8Array, visit: (device: Device, tensor: Tensor, part: Uint8Array) => void): void {
    let offset = 0;
    for (const [block, states] of this.#blocks.entries()) {
      if (!states) continue;
      const { convolution, memory } = states[slot];
      for (const tensor of [convolution, memory])
        visit(this.deviceOf(block), tensor, bytes.subarray(offset, (offset += tensor.sizeBytes)));
    }
  }
}

function declareState(storage: BlockStorage, { recurrent }: Hyperparameters, block: number, slot: 0 | 1): BlockState {
  const { convolutionTokens, channels, stateSize, headSize, heads } = recurrent!;
  return {
    convolution: storage.declare(block, `convolution${slot}`, 'F32', [convolutionTokens - 1, channels]),
    memory: storage.declare(block, `memory${slot}`, 'F32', [stateSize, headSize, heads]),
  };
}
