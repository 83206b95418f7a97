import type { BatchStream, PackedSequence, StreamState } from './batchStream.ts';
import { Random } from './random.ts';

/** Where a buffer is: enough to go on exactly. */
export interface ShuffleState {
  readonly source: StreamState;
  readonly random: number;
  readonly epoch: number;
  readonly held: readonly { readonly tokens: readonly number[]; readonly weights: readonly number[]; readonly starts: readonly number[] }[];
}

export interface ShuffleOptions {
  readonly seed: number;
  /** Sequences to draw from. */
  readonly size: number;
}

/** Sequences of some dozens of documents of usual length. */
const MOST_SEQUENCES = 512;
/** All that is held is in every checkpoint. */
const HELD_TOKENS = 2 ** 18;

/** How many sequences of a length to draw from. */
export const shuffledSequences = (sequenceTokens: number): number => Math.min(MOST_SEQUENCES, Math.max(1, Math.floor(HELD_TOKENS / sequenceTokens)));

/**
 * The sequences of a stream in random order: each is drawn from those that are held, and the stream's next takes its place. A long document fills many sequences
 * in a row, and a step over one document learns little that is true of the others. Every epoch's sequences are drawn before the next one's.
 */
export class ShuffleBuffer {
  readonly #size: number;
  #random: Random;
  #epoch: number;
  #held: PackedSequence[] = [];

  constructor(
    private readonly source: BatchStream,
    { seed, size }: ShuffleOptions,
    state?: ShuffleState,
  ) {
    this.#size = size;
    this.#random = state ? Random.fromState(state.random) : new Random(seed);
    this.#epoch = state?.epoch ?? 0;
    this.#held = (state?.held ?? []).map(({ tokens, weights, starts }) => ({ tokens: Int32Array.from(tokens), weights: Float32Array.from(weights), starts: new Set(starts) }));
  }

  /** Of the sequence that was drawn last. */
  get epoch(): number {
    return this.#epoch;
  }

  get state(): ShuffleState {
    return {
      source: this.source.state,
      random: this.#random.state,
      epoch: this.#epoch,
      held: this.#held.map(({ tokens, weights, starts }) => ({ tokens: [...tokens], weights: [...weights], starts: [...starts] })),
    };
  }

  next(): PackedSequence {
    if (this.#held.length === 0) {
      this.#epoch = this.source.epoch;
      this.#held.push(this.source.next());
    }
    while (this.#held.length < this.#size && this.source.epoch === this.#epoch) this.#held.push(this.source.next());
    const place = this.#random.below(this.#held.length);
    const drawn = this.#held[place] as PackedSequence;
    const last = this.#held.pop() as PackedSequence;
    if (place < this.#held.length) this.#held[place] = last;
    return drawn;
  }
}
