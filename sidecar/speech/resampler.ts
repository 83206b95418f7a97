/**
 * Zero crossings of the sinc on each side: with Kaiser's window below, 80 dB are kept out of the band and 7 of 8 kHz
 * stay.
 */
const ZERO_CROSSINGS = 32;
const KAISER_BETA = 8;
/** Of half the lower rate: where half the amplitude is left. */
const CUTOFF = 0.93;

/**
 * Changes the sampling rate of sound that comes in pieces: a sinc under Kaiser's window, one row of taps for each place
 * that an output can have between two inputs (polyphase; Smith, "Digital Audio Resampling").
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #reach: number;
  readonly #taps: Float32Array;
  #kept: Float32Array;
  /** Of the next output, in steps of an input divided by `#up`, counted from `#kept`'s first sample. */
  #position: number;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const band = CUTOFF * Math.min(1, toHz / fromHz);
    this.#reach = Math.ceil(ZERO_CROSSINGS / band);
    this.#taps = sincTaps(this.#up, this.#reach, band);
    // What came before the first sample is silence.
    this.#kept = new Float32Array(this.#reach);
    this.#position = this.#reach * this.#up;
  }

  /** What the samples so far allow. */
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

  /** The rest, when no more comes. */
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
 * Row `phase` has the weights of the `reach` samples up to an output's place and of as many behind it. Each row sums to
 * 1, so that silence's level stays.
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
