/** The bytes of a llama.cpp state before its cells: a mark, a sequence, the streams (1) and the cells. */
const HEADER_BYTES = 16;
/** A position, the sequences of the cell (1) and that sequence. */
const CELL_BYTES = 12;
/**
 * The bytes before the values of a layer: their type, and the bytes of a row. For transposed values they are the bytes
 * of an element and the elements of a row.
 */
const COLUMN_BYTES = 12;

/**
 * Returns llama.cpp's state from `LibLlama.state` with its cells repeated `times` times. The speed of attention does
 * not depend on the contents, so a deep context need not be read. Throws `RangeError` if the layout differs from that
 * of the pinned release.
 */
export function repeatedState(state: Uint8Array, times: number): Uint8Array {
  const from = new DataView(state.buffer, state.byteOffset, state.byteLength);
  const cells = from.getUint32(12, true);
  const columnsAt = HEADER_BYTES + cells * CELL_BYTES + 8;
  const isTransposed = from.getUint32(columnsAt - 8, true) === 1;
  const layers = from.getUint32(columnsAt - 4, true);
  const parts: Uint8Array[] = [state.slice(0, HEADER_BYTES)];
  new DataView((parts[0] as Uint8Array).buffer).setUint32(12, cells * times, true);
  for (let time = 0; time < times; time++) {
    const places = state.slice(HEADER_BYTES, HEADER_BYTES + cells * CELL_BYTES);
    const view = new DataView(places.buffer);
    for (let cell = 0; cell < cells; cell++) view.setInt32(cell * CELL_BYTES, time * cells + cell, true);
    parts.push(places);
  }
  parts.push(state.subarray(columnsAt - 8, columnsAt));

  let offset = columnsAt;
  const next = (sizeBytes: number): Uint8Array => state.subarray(offset, (offset += sizeBytes));
  const repeat = (bytes: Uint8Array): void => {
    for (let time = 0; time < times; time++) parts.push(bytes);
  };
  for (const kind of ['keys', 'values'] as const) {
    for (let layer = 0; layer < layers && offset + COLUMN_BYTES <= state.byteLength; layer++) {
      const view = new DataView(state.buffer, state.byteOffset + offset, COLUMN_BYTES);
      parts.push(next(COLUMN_BYTES));
      if (kind === 'values' && isTransposed) {
        const [elementBytes, elements] = [view.getUint32(4, true), view.getUint32(8, true)];
        for (let element = 0; element < elements; element++) repeat(next(elementBytes * cells));
      } else repeat(next(Number(view.getBigUint64(4, true)) * cells));
    }
  }
  if (offset !== state.byteLength)
    throw new RangeError(`The state has ${state.byteLength} bytes, expected ${offset} by the known layout`);
  return Buffer.concat(parts);
}
