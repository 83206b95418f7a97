import { open, type FileHandle } from 'node:fs/promises';
import type { Device } from '../../../kernels/ggml/device.ts';
import { canRepack } from '../../../kernels/ggml/repack.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../engine/engine.ts';
import type { WeightSpec } from '../architectures/architecture.ts';
import { WeightTable } from '../architectures/weightTable.ts';
import type { GgufHeader, GgufTensor } from '../gguf/header.ts';

/** Read at once from the file; a repacked tensor is read whole. */
const READ_BYTES = 16 * 1024 * 1024;

export interface LocatedTensor extends GgufTensor {
  readonly header: GgufHeader;
}

/** All tensors of a model's files by name. */
export function locateTensors(headers: readonly GgufHeader[]): ReadonlyMap<string, LocatedTensor> {
  return new Map(headers.flatMap((header) => header.tensors.map((tensor) => [tensor.name, { ...tensor, header }] as const)));
}

/** Checks that every tensor an architecture reads is there in its shape. Throws `TroubleError` 'invalid-model' that names the tensor. */
export function checkWeights(specs: readonly WeightSpec[], tensors: ReadonlyMap<string, LocatedTensor>, fileName: string): void {
  for (const { name, extents, optional } of specs) {
    const tensor = tensors.get(name);
    if (!tensor) {
      if (optional) continue;
      throw new TroubleError('invalid-model', `${fileName}: the tensor ${name} is missing, expected [${extents.join(', ')}].`);
    }
    const shape = trimOnes(tensor.shape);
    const expected = trimOnes(extents);
    if (shape.length !== expected.length || shape.some((extent, dimension) => extent !== expected[dimension])) {
      throw new TroubleError('invalid-model', `${fileName}: the tensor ${name} has the shape [${shape.join(', ')}], expected [${expected.join(', ')}].`);
    }
  }
}

function trimOnes(shape: readonly number[]): readonly number[] {
  let length = shape.length;
  while (length > 1 && shape[length - 1] === 1) length--;
  return shape.slice(0, length);
}

/** Weights in a device's memory. */
export interface LoadedWeights extends Disposable {
  readonly table: WeightTable;
  readonly sizeBytes: number;
}

export interface LoadWeightsOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Copies the tensors that `specs` name into the memory of `device`, the CPU's matrices in its faster layout where it has one. */
export async function loadWeights(device: Device, specs: readonly WeightSpec[], tensors: ReadonlyMap<string, LocatedTensor>, options: LoadWeightsOptions = {}): Promise<LoadedWeights> {
  const present = specs.filter(({ name }) => tensors.has(name));
  const plain = new Storage(device, { maxTensors: present.length });
  const repacked = new Storage(device, { maxTensors: present.length });
  const dispose = (): void => {
    plain[Symbol.dispose]();
    repacked[Symbol.dispose]();
  };
  try {
    const loads: { tensor: Tensor; source: LocatedTensor; whole: boolean }[] = [];
    for (const spec of present) {
      const source = tensors.get(spec.name) as LocatedTensor;
      const type = source.type as TensorType;
      const whole = (spec.use === 'matrix' || spec.use === 'experts') && canRepack(device, type, source.shape, spec.use);
      loads.push({ tensor: (whole ? repacked : plain).declare(spec.name, type, source.shape), source, whole });
    }
    if (loads.some(({ whole }) => !whole)) plain.allocate({ weights: true });
    if (loads.some(({ whole }) => whole)) repacked.allocate({ bufferType: device.repackBufferType, weights: true });
    await copyTensors(device, loads, options);
    const table = new WeightTable(new Map(loads.map(({ tensor }) => [tensor.name, tensor])));
    return { table, sizeBytes: plain.sizeBytes + repacked.sizeBytes, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function copyTensors(device: Device, loads: readonly { tensor: Tensor; source: LocatedTensor; whole: boolean }[], options: LoadWeightsOptions): Promise<void> {
  const files = new Map<string, FileHandle>();
  let buffer = Buffer.alloc(0);
  try {
    for (const { tensor, source, whole } of loads) {
      const { path, dataOffsetBytes } = source.header;
      let file = files.get(path);
      if (!file) files.set(path, (file = await open(path, 'r')));
      const stepBytes = whole ? tensor.sizeBytes : Math.min(READ_BYTES, tensor.sizeBytes);
      if (buffer.length < stepBytes) buffer = Buffer.allocUnsafe(stepBytes);
      for (let offset = 0; offset < tensor.sizeBytes; offset += stepBytes) {
        options.signal?.throwIfAborted();
        const part = buffer.subarray(0, Math.min(stepBytes, tensor.sizeBytes - offset));
        await readFully(file, part, dataOffsetBytes + source.offsetBytes + offset, source);
        write(device, tensor, part, offset);
        options.onBytes?.(part.length);
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

async function readFully(file: FileHandle, target: Buffer, position: number, source: LocatedTensor): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new TroubleError('truncated-model', `${source.header.path} ends inside the tensor ${source.name}: it was changed after it was checked. Load it again.`);
    done += bytesRead;
  }
}
