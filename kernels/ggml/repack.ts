import koffi from 'koffi';
import type { Pointer } from './bindings.ts';
import type { Device } from './device.ts';
import { rowBytes, tensorTypes, type TensorType } from './types.ts';

const CONTEXT_BYTES = 16 * 1024;
/** Offset of `buffer` in `struct ggml_tensor`. */
const BUFFER_OFFSET_BYTES = 8;
/** ggml's AMX products are wrong if a row is a single block of 32 values. Only small speech models have such rows. */
const AMX_MIN_COLUMNS = 64;

/**
 * The best of the CPU's faster weight layouts for a matrix (or a stack of experts) of this type and shape, or
 * `undefined`.
 *
 * It depends on the processor. So ggml itself is asked, as llama.cpp does: whether it supports a product whose weight
 * claims to be in such a buffer.
 */
export function repackedBufferType(
  device: Device,
  type: TensorType,
  shape: readonly number[],
  use: 'matrix' | 'experts',
): Pointer | undefined {
  return device.repackBufferTypes.find((bufferType) => canRepack(device, bufferType, { type, shape, use }));
}

function canRepack(
  device: Device,
  bufferType: Pointer,
  { type, shape, use }: { type: TensorType; shape: readonly number[]; use: 'matrix' | 'experts' },
): boolean {
  const columns = shape[0] ?? 1;
  if (columns % tensorTypes[type].blockElements !== 0 || rowBytes(type, columns) === 0) return false;
  const { functions } = device;
  if (columns < AMX_MIN_COLUMNS && functions.ggml_backend_buft_name(bufferType).includes('AMX')) return false;
  const context = device.createContext(CONTEXT_BYTES);
  const buffer = functions.ggml_backend_buft_alloc_buffer(bufferType, 0);
  try {
    const weight = functions.ggml_new_tensor_4d(
      context,
      tensorTypes[type].id,
      columns,
      shape[1] ?? 1,
      shape[2] ?? 1,
      1,
    );
    koffi.encode(weight, BUFFER_OFFSET_BYTES, 'void *', buffer);
    const slots = use === 'experts' ? 2 : 1;
    const input = functions.ggml_new_tensor_4d(
      context,
      tensorTypes.F32.id,
      columns,
      use === 'experts' ? slots : 512,
      use === 'experts' ? 512 : 1,
      1,
    );
    const product =
      use === 'experts'
        ? functions.ggml_mul_mat_id(
            context,
            weight,
            input,
            functions.ggml_new_tensor_4d(context, tensorTypes.I32.id, slots, 512, 1, 1),
          )
        : functions.ggml_mul_mat(context, weight, input);
    return functions.ggml_backend_dev_supports_op(device.handle, product);
  } finally {
    functions.ggml_backend_buffer_free(buffer);
    functions.ggml_free(context);
  }
}
