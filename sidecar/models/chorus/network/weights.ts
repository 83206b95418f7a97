import { open, type FileHandle } from 'node:fs/promises';
import type { Pointer } from '../../../../kernels/ggml/bindings.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import { repackedBufferType } from '../../../../kernels/ggml/repack.ts';
import { Storage } from '../../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../../../kernels/ggml/types.ts';
import { PackedMatrix, packedBytes, PANEL_ROWS } from '../../../../kernels/native/packedMatrix.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import type { WeightSpec } from '../../architectures/architecture.ts';
import { WeightTable } from '../../architectures/weightTable.ts';
import type { LocatedTensor } from '../../gguf/locate.ts';
import type { Placement } from './placement.ts';

/** How much of a file is read at once; a repacked tensor is read whole. */
const READ_BYTES = 16 * 1024 * 1024;

/**
 * Checks that each tensor of an architecture exists, in its shape and in a known type. Throws `TroubleError`
 * 'invalid-model' or 'unsupported-model' with the name of the tensor.
 */
export function checkWeights(
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, LocatedTensor>,
  fileName: string,
): void {
  for (const { name, extents, optional } of specs) {
    const tensor = tensors.get(name);
    if (!tensor) {
      if (optional) continue;
      throw new TroubleError(
        'invalid-model',
        `${fileName}: the tensor ${name} is missing, expected [${trimOnes(extents).join(', ')}].`,
      );
    }
    const shape = trimOnes(tensor.shape);
    const expected = trimOnes(extents);
    if (shape.length !== expected.length || shape.some((extent, dimension) => extent !== expected[dimension])) {
      throw new TroubleError(
        'invalid-model',
        `${fileName}: the tensor ${name} has the shape [${shape.join(', ')}], expected [${expected.join(', ')}].`,
      );
    }
    if (!(tensor.type in tensorTypes))
      throw new TroubleError(
        'unsupported-model',
        `${fileName}: the tensor ${name} is of the type ${tensor.type}, which Chorus's own engine does not run.`,
      );
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
  /** The tensors with the adapters that count for chats. Absent: the same count for every purpose. */
  readonly chatTable?: WeightTable;
  readonly sizeBytes: number;
}

/** Weights on the devices of a placement. */
export interface PlacedWeights extends LoadedWeights {
  /** The part of `sizeBytes` on a GPU. */
  readonly gpuBytes: number;
}

export interface LoadWeightsOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

interface Load {
  /** The tensor that is written. For a packed matrix it is the memory of `packed`. */
  readonly tensor: Tensor;
  /** A matrix in the layout of our own kernels. */
  readonly packed?: PackedMatrix;
  readonly device: Device;
  readonly source: LocatedTensor;
  /** Whether it is written in one piece, since a faster layout is made from the whole tensor. */
  readonly whole: boolean;
}

/**
 * Loads the tensors that `specs` name into the memory of the placement's devices. Matrices on the processor get its
 * faster layout if there is one.
 */
export async function loadWeights(
  placement: Placement,
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, LocatedTensor>,
  options: LoadWeightsOptions = {},
): Promise<PlacedWeights> {
  const present = specs.filter(({ name }) => tensors.has(name));
  const storages = new Map<string, { readonly storage: Storage; readonly bufferType: Pointer | undefined }>();
  const dispose = (): void => {
    for (const { storage } of storages.values()) storage[Symbol.dispose]();
  };
  const storageOn = (device: Device, bufferType: Pointer | undefined, layout = ''): Storage => {
    const key = `${device.kind} ${bufferType ?? layout}`;
    let entry = storages.get(key);
    if (!entry) {
      entry = { storage: new Storage(device, { maxTensors: present.length }), bufferType };
      storages.set(key, entry);
    }
    return entry.storage;
  };
  try {
    const loads: Load[] = [];
    for (const spec of present) {
      const source = tensors.get(spec.name) as LocatedTensor;
      const device = placement.weightDevice(spec);
      const type = source.type as TensorType;
      if (isPacked(placement, spec, source)) {
        const memory = storageOn(device, undefined, 'packed').declare(spec.name, 'I8', [
          packedBytes(type, source.shape),
        ]);
        loads.push({
          tensor: memory,
          packed: new PackedMatrix(memory, type, source.shape),
          device,
          source,
          whole: false,
        });
        continue;
      }
      const repacked =
        spec.use === 'matrix' || spec.use === 'experts'
          ? repackedBufferType(device, type, source.shape, spec.use)
          : undefined;
      loads.push({
        tensor: storageOn(device, repacked).declare(spec.name, type, source.shape),
        device,
        source,
        whole: repacked !== undefined,
      });
    }
    for (const { storage, bufferType } of storages.values()) storage.allocate({ bufferType, weights: true });
    await copyTensors(loads, options);
    const table = new WeightTable(new Map(loads.map(({ tensor, packed }) => [tensor.name, packed ?? tensor])));
    const bytes = (isCounted: (device: Device) => boolean): number =>
      [...storages.values()].reduce((sum, { storage }) => sum + (isCounted(storage.device) ? storage.sizeBytes : 0), 0);
    return {
      table,
      sizeBytes: bytes(() => true),
      gpuBytes: bytes(({ kind }) => kind !== 'cpu'),
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function copyTensors(loads: readonly Load[], options: LoadWeightsOptions): Promise<void> {
  const files = new Map<string, FileHandle>();
  // Shrinking a resizable buffer frees its memory. As garbage, the size of the largest matrix would stay until the next
  // collection.
  const buffer = new ArrayBuffer(0, { maxByteLength: Math.max(0, ...loads.map(stepBytesOf)) });
  try {
    for (const load of loads) {
      const { tensor, packed, device, source } = load;
      const { path, dataOffsetBytes } = source.header;
      let file = files.get(path);
      if (!file) files.set(path, (file = await open(path, 'r')));
      const stepBytes = stepBytesOf(load);
      if (buffer.byteLength < stepBytes) buffer.resize(stepBytes);
      const sizeBytes = sourceBytes(load);
      for (let offset = 0; offset < sizeBytes; offset += stepBytes) {
        options.signal?.throwIfAborted();
        const part = new Uint8Array(buffer, 0, Math.min(stepBytes, sizeBytes - offset));
        await readFully(file, part, dataOffsetBytes + source.offsetBytes + offset, source);
        if (packed) await packed.pack(device, offset / rowBytes(packed.type, packed.shape[0]), part);
        else write(device, tensor, part, offset);
        options.onBytes?.(part.length);
      }
    }
  } finally {
    buffer.resize(0);
    for (const file of files.values()) await file.close();
  }
}

function stepBytesOf(load: Load): number {
  const sizeBytes = sourceBytes(load);
  const { packed, whole } = load;
  if (!packed) return whole ? sizeBytes : Math.min(READ_BYTES, sizeBytes);
  const panelBytes = PANEL_ROWS * rowBytes(packed.type, packed.shape[0]);
  return Math.min(sizeBytes, Math.max(1, Math.floor(READ_BYTES / panelBytes)) * panelBytes);
}

const sourceBytes = ({ tensor, packed }: Load): number => (packed ?? tensor).sizeBytes;

/**
 * Whether our own kernels multiply a matrix. ggml's are faster where the processor has AMX. Graphs that a GPU shares
 * have no operations of ours.
 */
export function isPacked(
  { device }: Pick<Placement, 'device'>,
  { use }: Pick<WeightSpec, 'use'>,
  source: Pick<LocatedTensor, 'type' | 'shape'>,
): boolean {
  if (device.kind !== 'cpu' || use !== 'matrix' || device.hasAmx) return false;
  return packedBytes(source.type as TensorType, source.shape) > 0;
}

async function readFully(file: FileHandle, target: Uint8Array, position: number, source: LocatedTensor): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0)
      throw new TroubleError(
        'truncated-model',
        `${source.header.path} ends inside the tensor ${source.name}: it was changed after it was checked. Load it again.`,
      );
    done += bytesRead;
  }
}
