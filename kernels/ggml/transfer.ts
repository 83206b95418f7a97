import type { Device } from './device.ts';
import { ShapeError } from './errors.ts';
import type { Tensor } from './tensor.ts';

/** Copies `data` into a tensor at `offsetBytes`. Throws `ShapeError` if it does not fit. */
export function write(device: Device, tensor: Tensor, data: NodeJS.ArrayBufferView, offsetBytes = 0): void {
  assertFits(tensor, offsetBytes, data.byteLength);
  device.functions.ggml_backend_tensor_set(tensor.pointer, data, offsetBytes, data.byteLength);
}

/** Copies a part of a tensor into `data`. Throws `ShapeError` if the tensor is smaller. */
export function read(device: Device, tensor: Tensor, data: NodeJS.ArrayBufferView, offsetBytes = 0): void {
  assertFits(tensor, offsetBytes, data.byteLength);
  device.functions.ggml_backend_tensor_get(tensor.pointer, data, offsetBytes, data.byteLength);
}

/** All values of an F32 tensor. */
export function readF32(device: Device, tensor: Tensor): Float32Array {
  if (tensor.type !== 'F32') throw new ShapeError(`${tensor.toString()} is not F32.`);
  const values = new Float32Array(tensor.elements);
  read(device, tensor, values);
  return values;
}

function assertFits(tensor: Tensor, offsetBytes: number, sizeBytes: number): void {
  if (offsetBytes + sizeBytes > tensor.sizeBytes) {
    throw new ShapeError(
      `${sizeBytes} bytes at ${offsetBytes} do not fit into the ${tensor.sizeBytes} bytes of ${tensor.toString()}.`,
    );
  }
}
