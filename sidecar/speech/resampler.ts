/**
 * Zero crossings of the sinc on each side. With the Kaiser window below, aliases are damped by 80 dB, and 7 of 8 kHz
 * pass.
 */
const ZERO_CROSSINGS = 32;
const KAISER_BETA = 8;
/** The cutoff as a share of half the lower rate. There the amplitude is halved. */
const CUTOFF = 0.93;

/**
 * Changes the sampling rate of sound that arrives in pieces by a polyphase filter (Smith, "Digital Audio Resampling").
 * It is a sinc under a Kaiser window, with a row of taps for each position of an output between two inputs.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #reach: number;
  readonly #taps: Float32Array;
  #kept: Float32Array;
  /**
   * The position of the next output, in units of an input sample divided by `#up`, from the first sample of `#kept`.
   */
  #position: number;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const band = CUTOFF * Math.min(1, toHz / fromHz);
    this.#reach = Math.ceil(ZERO_CROSSINGS / band);
    this.#taps = sincTaps(this.#up, this.#reach, band);
    // Silence precedes the first sample.
    this.#kept = new Float32Array(this.#reach);
    this.#position = this.#reach * this.#up;
  }

  /** Adds samples. Returns the output that is complete. */
  push(samples: Float32Array): Float32Array {
    const reach = this.#reach;
    const input = new Float32Array(this.#kept.length + samples.length);
    input.set(this.#kept);
    input.set(samples, this.#kept.length);
    const count = Math.max(0, Math.ceil(((input.length - reach) * this.#up - this.#position) / this.#down));
    const output = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      const middle = Math.floor(this.#position / this.#up);
      output[index] = dot(this.#taps, (this.#position % this.#up) * 2 * reach, input, middle - reach + 1, 2 * reach);
      this.#position += this.#down;
    }
    const first = Math.max(0, Math.min(input.length, Math.floor(this.#position / this.#up) - reach + 1));
    this.#kept = input.slice(first);
    this.#position -= first * this.#up;
    return output;
  }

  /** Returns the rest at the end of the sound. */
  end(): Float32Array {
    return this.push(new Float32Array(this.#reach));
  }
}

function dot(taps: Float32Array, firstTap: number, input: Float32Array, first: number, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index++)
    sum += (taps[firstTap + index] as number) * (input[first + index] as number);
  return sum;
}

/**
 * Row `phase` has the weights of `reach` samples up to the position of an output, and of as many behind it. Each row
 * sums to 1, so that a constant level stays.
 */
function sincTaps(phases: number, reach: number, band: number): Float32Array {
  const taps = new Float32Array(phases * 2 * reach);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    const row = taps.subarray(phase * 2 * reach, (phase + 1) * 2 * reach);
    for (let index = 0; index < row.length; index++) {
      const distance = index - reach + 1 - phase / phases;
      const x = distance * band * Math.PI;
      const window =
        Math.abs(distance) >= reach
          ? 0
          : bessel(KAISER_BETA * Math.sqrt(1 - (distance / reach) ** 2)) / bessel(KAISER_BETA);
      row[index] = window * (x === 0 ? 1 : Math.sin(x) / x);
      sum += row[index] as number;
    }
    for (let index = 0; index < row.length; index++) row[index] = (row[index] as number) / sum;
  }
  return taps;
}

/** The modified Bessel function of order zero. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
