import koffi from 'koffi';
import { ShapeError } from './errors.ts';
import { anyBuild, loadGgml, type LibraryBuild } from './libraries.ts';
import { tensorTypes, type TensorType } from './types.ts';

/** Offset of `to_float` in `struct ggml_type_traits`. */
const TO_FLOAT_OFFSET_BYTES = 40;

let toFloatPrototype: ReturnType<typeof koffi.proto> | undefined;

/**
 * Converts whole blocks of any type to float32, with ggml's own reader of that type. Throws `ShapeError` for an
 * incomplete block or a type that has no reader.
 */
export function toFloat32(type: TensorType, bytes: Uint8Array, build: LibraryBuild = anyBuild()): Float32Array {
  const { blockElements, blockBytes, id } = tensorTypes[type];
  if (bytes.byteLength % blockBytes !== 0)
    throw new ShapeError(`${bytes.byteLength} bytes are not whole blocks of ${type} of ${blockBytes} bytes.`);
  const values = new Float32Array((bytes.byteLength / blockBytes) * blockElements);
  if (type === 'F32') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const { functions } = loadGgml(build);
  const toFloat = koffi.decode(functions.ggml_get_type_traits(id), TO_FLOAT_OFFSET_BYTES, 'void *') as bigint | null;
  if (!toFloat) throw new ShapeError(`${type} can't be converted to floats.`);
  toFloatPrototype ??= koffi.proto('void', ['void *', 'void *', 'int64_t']);
  koffi.call(toFloat, toFloatPrototype, bytes, values, values.length);
  return values;
}

export interface FromFloat32Options {
  readonly build?: LibraryBuild;
  /**
   * `[columns]`: the weight of each column's squared error. Blocks of fewer than 8 bits are rounded to keep the
   * weighted sum small.
   */
  readonly importance?: Float32Array | undefined;
}

/** Converts rows of `columns` values to another type. Throws `ShapeError` if rows are not whole blocks. */
export function fromFloat32(
  type: TensorType,
  values: Float32Array,
  columns: number,
  { build = anyBuild(), importance }: FromFloat32Options = {},
): Uint8Array {
  const { blockElements, blockBytes, id } = tensorTypes[type];
  if (columns % blockElements !== 0 || values.length % columns !== 0)
    throw new ShapeError(`${values.length} values in rows of ${columns} are not whole blocks of ${type}.`);
  if (importance && importance.length !== columns)
    throw new ShapeError(`Expected an importance for each of ${columns} columns, got ${importance.length}.`);
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
