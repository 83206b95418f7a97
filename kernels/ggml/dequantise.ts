import koffi from 'koffi';
import { ShapeError } from './errors.ts';
import { anyBuild, loadGgml, type LibraryBuild } from './libraries.ts';
import { tensorTypes, type TensorType } from './types.ts';

/** Offset of `to_float` in `struct ggml_type_traits`. */
const TO_FLOAT_OFFSET_BYTES = 40;

let toFloatPrototype: ReturnType<typeof koffi.proto> | undefined;

/**
 * Values of whole blocks of any type, by ggml's own reader of that type. Throws `ShapeError` for a part of a block or a
 * type without floats.
 */
export function toFloat32(type: TensorType, bytes: Uint8Array, build: LibraryBuild = anyBuild()): Float32Array {
  const { blockElements, blockBytes, id } = tensorTypes[type];
  if (bytes.byteLength % blockBytes !== 0)
    throw new ShapeError(`${bytes.byteLength} bytes are no whole blocks of ${type}, which have ${blockBytes}.`);
  const values = new Float32Array((bytes.byteLength / blockBytes) * blockElements);
  if (type === 'F32') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const { functions } = loadGgml(build);
  const toFloat = koffi.decode(functions.ggml_get_type_traits(id), TO_FLOAT_OFFSET_BYTES, 'void *') as bigint | null;
  if (!toFloat) throw new ShapeError(`${type} has no reader of floats.`);
  toFloatPrototype ??= koffi.proto('void', ['void *', 'void *', 'int64_t']);
  koffi.call(toFloat, toFloatPrototype, bytes, values, values.length);
  return values;
}

export interface FromFloat32Options {
  readonly build?: LibraryBuild;
  /**
   * What an error in each column costs, `[columns]`: blocks of fewer than 8 bits are rounded so that the sum of squared
   * errors, weighted by it, is small.
   */
  readonly importance?: Float32Array | undefined;
}

/** Rows of `columns` values as another type. Throws `ShapeError` where rows are no whole blocks. */
export function fromFloat32(
  type: TensorType,
  values: Float32Array,
  columns: number,
  { build = anyBuild(), importance }: FromFloat32Options = {},
): Uint8Array {
  const { blockElements, blockBytes, id } = tensorTypes[type];
  if (columns % blockElements !== 0 || values.length % columns !== 0)
    throw new ShapeError(`${values.length} values in rows of ${columns} are no whole blocks of ${type}.`);
  if (importance && importance.length !== columns)
    throw new ShapeError(`${importance.length} importances are not those of ${columns} columns.`);
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array((values.length / blockElements) * blockBytes);
  loadGgml(build).functions.ggml_quantize_chunk(
    id,
    values,
    bytes,
    0,
    values.length / columns,
    columns,
    importance ?? null,
  );
  return bytes;
}
