import { Resampler } from './resampler.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from './logMel.ts';

/** Reads samples in order, at any rate. Returns none at the end. */
export interface SampleSource {
  readonly sampleRateHz: number;
  read(count: number): Promise<Float32Array>;
}

const READ_SECONDS = 1;

/** A window at 16 kHz that slides over a source of any rate and length. Only the samples of the window are held. */
export class SoundWindow {
  readonly #resampler: Resampler | undefined;
  #held = new Float32Array(0);
  /** The index of the first held sample. */
  #first = 0;
  #isAtEnd = false;

  constructor(private readonly source: SampleSource) {
    if (source.sampleRateHz !== SAMPLE_RATE_HZ) this.#resampler = new Resampler(source.sampleRateHz, SAMPLE_RATE_HZ);
  }

  /** The number of samples so far. At the end of the source it is the total. */
  get end(): number {
    return this.#first + this.#held.length;
  }

  /**
   * Returns samples from index `first` on for `LogMel`, with the reach of a frame on both sides. The sound is mirrored
   * before its beginning, and silent behind its end. The argument `first` must never decrease. The result's `available`
   * counts the samples of sound, without the reach.
   */
  async slideTo(first: number, count: number): Promise<{ readonly samples: Float32Array; readonly available: number }> {
    await this.#fill(first + count + FRAME_REACH_SAMPLES);
    this.#drop(first - FRAME_REACH_SAMPLES);
    const samples = new Float32Array(count + 2 * FRAME_REACH_SAMPLES);
    const start = first - FRAME_REACH_SAMPLES;
    samples.set(
      this.#held.subarray(Math.max(0, start) - this.#first, start + samples.length - this.#first),
      Math.max(0, -start),
    );
    for (let index = 1; index <= -start; index++) samples[-start - index] = samples[-start + index] as number;
    return { samples, available: Math.max(0, Math.min(count, this.end - first)) };
  }

  async #fill(until: number): Promise<void> {
    while (!this.#isAtEnd && this.end < until) {
      const read = await this.source.read(READ_SECONDS * this.source.sampleRateHz);
      this.#isAtEnd = read.length === 0;
      const arrived = !this.#resampler ? read : this.#isAtEnd ? this.#resampler.end() : this.#resampler.push(read);
      const held = new Float32Array(this.#held.length + arrived.length);
      held.set(this.#held);
      held.set(arrived, this.#held.length);
      this.#held = held;
    }
  }

  #drop(before: number): void {
    const count = Math.min(this.#held.length, before - this.#first);
    if (count <= 0) return;
    this.#held = this.#held.slice(count);
    this.#first += count;
  }
}
