/**
 * Where the components of tokens' values go in a cache by head, `[capacity, headSize, kvHeads]` of `width` components, as 64-bit numbers `[width · tokens]`: component `c` of the token in row `r` to
 * `c · capacity + r`.
 */
export function valueCells({ width, capacity, past, tokens }: { readonly width: number; readonly capacity: number; readonly past: number; readonly tokens: number }): Int32Array<ArrayBuffer> {
  // Little-endian halves: a cache has less than 2³¹ values, and BigInts take ten times as long.
  const cells = new Int32Array(2 * width * tokens);
  for (let token = 0, index = 0; token < tokens; token++) for (let component = 0; component < width; component++, index += 2) cells[index] = component * capacity + past + token;
  return cells;
}
