import { open, type FileHandle } from 'node:fs/promises';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { WeightTable } from '../../models/architectures/weightTable.ts';
import type { CheckedModel } from '../../models/chorus/network/openNetwork.ts';
import type { LoadedWeights } from '../../models/chorus/network/weights.ts';
import { fileRows, rowsAtOnce } from '../../models/gguf/rows.ts';
import { roundRows } from './roundRows.ts';

/**
 * Whether a tensor is the matrix of a linear layer inside a block. Only these are quantised, not embedding, output,
 * norms and routers.
 */
export const isLinear = (name: string): boolean =>
  /^blk\.\d+\.(attn|ffn)_\w+\.weight$/.test(name) && !/norm|gate_inp/.test(name);

/** A model's weights in float32 on a device, written unchanged or rounded. */
export class FloatWeights implements LoadedWeights {
  readonly table: WeightTable;
  readonly #storage: Storage;

  constructor(
    private readonly device: Device,
    private readonly model: CheckedModel,
  ) {
    const names = model.specs.map(({ name }) => name).filter((name) => model.tensors.has(name));
    this.#storage = new Storage(device, { maxTensors: names.length });
    this.table = new WeightTable(
      new Map(names.map((name) => [name, this.#storage.declare(name, 'F32', model.tensors.get(name)?.shape ?? [])])),
    );
    this.#storage.allocate({ weights: true });
  }

  get sizeBytes(): number {
    return this.#storage.sizeBytes;
  }

  /** Reads all weights from the files. Rounds linear layers to a grid of `bits` bits per output channel, if given. */
  async write(bits: number | undefined, signal?: AbortSignal): Promise<void> {
    const files = new Map<string, FileHandle>();
    try {
      for (const { path } of this.model.headers) files.set(path, await open(path, 'r'));
      for (const [name, tensor] of this.table.all) {
        const located = this.model.tensors.get(name);
        const file = located && files.get(located.header.path);
        if (!located || !file) throw new Error(`No file contains the tensor ${name}.`);
        const rows = fileRows(file, located);
        const step = rowsAtOnce(rows.columns * Float32Array.BYTES_PER_ELEMENT);
        for (let first = 0; first < rows.count; first += step) {
          signal?.throwIfAborted();
          const values = toFloat32(rows.type, await rows.read(first, Math.min(step, rows.count - first)));
          if (bits !== undefined && isLinear(name)) roundRows(values, rows.columns, bits);
          write(this.device, tensor, values, first * rows.columns * Float32Array.BYTES_PER_ELEMENT);
        }
      }
    } finally {
      for (const file of files.values()) await file.close();
    }
  }

  [Symbol.dispose](): void {
    this.#storage[Symbol.dispose]();
  }
}
