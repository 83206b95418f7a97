import type { Device } from '../../kernels/ggml/device.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { add, clamp, contiguous, log, mulMat, sqr, view } from '../../kernels/ggml/ops.ts';
import { Storage } from '../../kernels/ggml/storage.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import type { WhisperFile } from './whisperFile.ts';

/** The sampling rate of all sound inside Chorus. Whisper was trained on it. */
export const SAMPLE_RATE_HZ = 16_000;
/** The step between frames: 10 ms. */
export const HOP_SAMPLES = 160;
/** The window of the Fourier transform: 25 ms. */
const TRANSFORM_SAMPLES = 400;
/** A frame covers this many samples before and after its middle. */
export const FRAME_REACH_SAMPLES = TRANSFORM_SAMPLES / 2;
/** Smaller powers are raised to this. */
const LEAST_POWER = 1e-10;
/** The range below the loudest band, in decades. Lower values are cut. */
const DYNAMIC_RANGE = 8;

interface MelGraph {
  readonly graph: Graph;
  readonly windows: Tensor;
  readonly bands: Tensor;
}

/**
 * Whisper's log-mel spectrogram (arXiv 2212.04356, 2.2): the decimal logarithm of the power in mel bands, cut 8 decades
 * below the loudest and scaled to about ±1.
 *
 * The Fourier transform is a matrix product that includes Hann's window. At 400 samples per frame it is as fast as an
 * FFT. It runs on the processor in float32, whatever device runs the network.
 */
export class LogMel implements Disposable {
  readonly #storage: Storage;
  readonly #transform: Tensor;
  readonly #filters: Tensor;
  readonly #memory: DeviceMemory;
  #built: (MelGraph & { readonly frames: number }) | undefined;

  constructor(
    private readonly cpu: Device,
    private readonly filters: WhisperFile['melFilters'],
  ) {
    this.#storage = new Storage(cpu, { maxTensors: 2 });
    this.#transform = this.#storage.declare('transform', 'F32', [TRANSFORM_SAMPLES, 2 * filters.frequencies]);
    this.#filters = this.#storage.declare('filters', 'F32', [filters.frequencies, filters.bands]);
    this.#storage.allocate();
    write(cpu, this.#transform, transformMatrix(filters.frequencies));
    write(cpu, this.#filters, filters.values);
    this.#memory = new DeviceMemory(cpu);
  }

  /**
   * Computes the spectrogram of `samples` at 16 kHz: `[bands, frames]`, bands first. The samples extend by
   * `FRAME_REACH_SAMPLES` before the middle of the first frame and behind that of the last.
   */
  compute(samples: Float32Array): Float32Array {
    const frames = Math.floor((samples.length - TRANSFORM_SAMPLES) / HOP_SAMPLES) + 1;
    if (this.#built?.frames !== frames) {
      this.#built?.graph[Symbol.dispose]();
      this.#built = { ...this.#build(frames), frames };
    }
    const { graph, windows, bands } = this.#built;
    write(this.cpu, windows, overlappingWindows(samples, frames));
    graph.computeSync();
    return compress(readF32(this.cpu, bands));
  }

  #build(frames: number): MelGraph {
    const { frequencies } = this.filters;
    const graph = new Graph(this.cpu);
    const windows = graph.input('windows', 'F32', [TRANSFORM_SAMPLES, frames]);
    // [2 · frequencies, frames]: real parts, then imaginary parts.
    const squares = sqr(graph, mulMat(graph, this.#transform, windows));
    const half = (first: number): Tensor =>
      contiguous(graph, view(graph, squares, [frequencies, frames], { offsetBytes: 4 * first }));
    const power = add(graph, half(0), half(frequencies));
    const bands = log(graph, clamp(graph, mulMat(graph, this.#filters, power), LEAST_POWER, Number.MAX_SAFE_INTEGER));
    graph.expand(bands, { read: true });
    graph.allocate(this.#memory);
    return { graph, windows, bands };
  }

  [Symbol.dispose](): void {
    this.#built?.graph[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
  }
}

/** The samples of each frame: `[TRANSFORM_SAMPLES, frames]`. */
function overlappingWindows(samples: Float32Array, frames: number): Float32Array {
  const windows = new Float32Array(TRANSFORM_SAMPLES * frames);
  for (let frame = 0; frame < frames; frame++)
    windows.set(
      samples.subarray(frame * HOP_SAMPLES, frame * HOP_SAMPLES + TRANSFORM_SAMPLES),
      frame * TRANSFORM_SAMPLES,
    );
  return windows;
}

/** Hann's window times a cosine of each frequency, then times a sine: `[samples, 2 · frequencies]`. */
function transformMatrix(frequencies: number): Float32Array {
  const matrix = new Float32Array(TRANSFORM_SAMPLES * 2 * frequencies);
  for (let frequency = 0; frequency < frequencies; frequency++) {
    for (let sample = 0; sample < TRANSFORM_SAMPLES; sample++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * sample) / TRANSFORM_SAMPLES);
      const angle = (2 * Math.PI * ((frequency * sample) % TRANSFORM_SAMPLES)) / TRANSFORM_SAMPLES;
      matrix[frequency * TRANSFORM_SAMPLES + sample] = hann * Math.cos(angle);
      matrix[(frequencies + frequency) * TRANSFORM_SAMPLES + sample] = hann * Math.sin(angle);
    }
  }
  return matrix;
}

/** Converts natural logarithms of power to the network's input, in place. */
function compress(values: Float32Array): Float32Array {
  let loudest = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const decades = (values[index] as number) * Math.LOG10E;
    values[index] = decades;
    if (decades > loudest) loudest = decades;
  }
  const floor = loudest - DYNAMIC_RANGE;
  for (let index = 0; index < values.length; index++)
    values[index] = (Math.max(values[index] as number, floor) + 4) / 4;
  return values;
}
