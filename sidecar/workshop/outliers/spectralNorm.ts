import type { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { contiguous, mulMat, rmsNorm, scale, sqr, sumRows, transpose } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { Random } from '../train/random.ts';

/** The number of iterations per computation. Then the change of the value is checked. */
const ITERATIONS = 16;
const MOST_ROUNDS = 20;
const TOLERANCE = 1e-4;

interface BuiltGraph extends Disposable {
  readonly graph: Graph;
  readonly matrix: Tensor;
  readonly start: Tensor;
  readonly direction: Tensor;
  readonly squaredNorm: Tensor;
}

/** Computes the largest singular values of matrices by power iteration on a device. */
export class SpectralNorms implements Disposable {
  readonly #graphs = new Map<string, BuiltGraph>();

  constructor(private readonly device: Device) {}

  /** The norm of `values[columns, rows]`. It is approached from below, to about 1e-4 of it. */
  async of(values: Float32Array, columns: number): Promise<number> {
    const { graph, matrix, start, direction, squaredNorm } = this.#graphFor(columns, values.length / columns);
    const random = new Random(1);
    let vector: Float32Array = Float32Array.from({ length: columns }, () => random.normal());
    let norm = 0;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      // Both are written again, since a graph reuses an input's memory after its last use.
      write(this.device, matrix, values);
      write(this.device, start, vector);
      await graph.compute();
      const before = norm;
      // The norm of WᵀW times a direction of length one.
      norm = Math.sqrt(Math.sqrt(readF32(this.device, squaredNorm)[0] as number));
      vector = readF32(this.device, direction);
      if (norm <= before * (1 + TOLERANCE)) break;
    }
    return norm;
  }

  #graphFor(columns: number, rows: number): BuiltGraph {
    const key = `${columns} ${rows}`;
    let built = this.#graphs.get(key);
    if (!built) this.#graphs.set(key, (built = this.#build(columns, rows)));
    return built;
  }

  #build(columns: number, rows: number): BuiltGraph {
    const graph = new Graph(this.device);
    const memory = new DeviceMemory(this.device);
    const matrix = graph.input('matrix', 'F32', [columns, rows]);
    const start = graph.input('start', 'F32', [columns]);
    const transposed = contiguous(graph, transpose(graph, matrix));
    let product = start;
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      const direction = scale(graph, rmsNorm(graph, product, 1e-30), 1 / Math.sqrt(columns));
      product = mulMat(graph, transposed, mulMat(graph, matrix, direction, { preciseF32: true }), { preciseF32: true });
    }
    const squaredNorm = sumRows(graph, sqr(graph, product));
    const last = rmsNorm(graph, product, 1e-30);
    graph.expand(squaredNorm, { read: true });
    graph.expand(last, { read: true });
    graph.allocate(memory);
    const dispose = (): void => {
      graph[Symbol.dispose]();
      memory[Symbol.dispose]();
    };
    return { graph, matrix, start, direction: last, squaredNorm, [Symbol.dispose]: dispose };
  }

  [Symbol.dispose](): void {
    for (const built of this.#graphs.values()) built[Symbol.dispose]();
  }
}
