import { Resampler } from './resampler.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from './logMel.ts';

/** Samples at some rate, forward; none at the end. */
export interface SampleSource {
  readonly sampleRateHz: number;
  read(count: number): Promise<Float32Array>;
}

const READ_SECONDS = 1;

/**
 * A window at 16 kHz that slides forward over a source of any rate and length; no more is held than the window is long.
 */
export class SoundWindow {
  readonly #resampler: Resampler | undefined;
  #held = new Float32Array(0);
  /** Number of the first sample that is held. */
  #first = 0;
  #isAtEnd = false;

  constructor(private readonly source: SampleSource) {
    if (source.sampleRateHz !== SAMPLE_RATE_HZ) this.#resampler = new Resampler(source.sampleRateHz, SAMPLE_RATE_HZ);
  }

  /** All samples so far; at the end of the source, all that there are. */
  get end(): number {
    return this.#first + this.#held.length;
  }

  /**
   * Samples from number `first` on for `LogMel`, with the reach of a frame on both sides: before the beginning the
   * sound is mirrored, behind the end is silence. `first` never decreases. `available` counts those that are sound,
   * without the reach.
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
