/**
 * Whisper (arXiv 2212.04356) in float64 loops, all tokens at once and without caches. It is the reference for the
 * graphs.
 */
import type { WhisperHyperparameters } from '../../sidecar/speech/whisperFile.ts';

type Rows = readonly Float64Array[];
type Weights = ReadonlyMap<string, Float32Array>;

/** Encodes `mel[frame][band]` to `[position][width]`. */
export function plainEncode(weights: Weights, h: WhisperHyperparameters, mel: Rows): Rows {
  const once = convolve(weights, 'encoder.conv1', mel, 1).map((row) => row.map(gelu));
  const twice = convolve(weights, 'encoder.conv2', once, 2).map((row) => row.map(gelu));
  let x: Rows = twice.map((row, position) =>
    row.map((value, index) => value + at(weights, 'encoder.positional_embedding', position * h.audioWidth + index)),
  );
  for (let block = 0; block < h.audioBlocks; block++) {
    const name = `encoder.blocks.${block}`;
    const normed = norm(weights, `${name}.attn_ln`, x);
    x = sum(
      x,
      attend(weights, `${name}.attn`, h.audioHeads, normed, normed, () => true),
    );
    x = sum(x, network(weights, name, x));
  }
  return norm(weights, 'encoder.ln_post', x);
}

/** The logits after each token. */
export function plainDecode(
  weights: Weights,
  h: WhisperHyperparameters,
  encoded: Rows,
  tokens: readonly number[],
): Rows {
  let x: Rows = tokens.map((token, position) =>
    Float64Array.from(
      { length: h.textWidth },
      (_, index) =>
        at(weights, 'decoder.token_embedding.weight', token * h.textWidth + index) +
        at(weights, 'decoder.positional_embedding', position * h.textWidth + index),
    ),
  );
  for (let block = 0; block < h.textBlocks; block++) {
    const name = `decoder.blocks.${block}`;
    const normed = norm(weights, `${name}.attn_ln`, x);
    x = sum(
      x,
      attend(weights, `${name}.attn`, h.textHeads, normed, normed, (query, key) => key <= query),
    );
    x = sum(
      x,
      attend(
        weights,
        `${name}.cross_attn`,
        h.textHeads,
        norm(weights, `${name}.cross_attn_ln`, x),
        encoded,
        () => true,
      ),
    );
    x = sum(x, network(weights, name, x));
  }
  return norm(weights, 'decoder.ln', x).map((row) =>
    product(weights.get('decoder.token_embedding.weight') as Float32Array, row),
  );
}

const at = (weights: Weights, name: string, index: number): number =>
  (weights.get(name) as Float32Array)[index] as number;
const sum = (a: Rows, b: Rows): Rows =>
  a.map((row, index) => row.map((value, column) => value + ((b[index] as Float64Array)[column] as number)));

function product(matrix: Float32Array, row: Float64Array): Float64Array {
  return Float64Array.from({ length: matrix.length / row.length }, (_, output) =>
    row.reduce((total, value, column) => total + value * (matrix[output * row.length + column] as number), 0),
  );
}

function linear(weights: Weights, name: string, rows: Rows): Rows {
  const bias = weights.get(`${name}.bias`);
  return rows.map((row) =>
    product(weights.get(`${name}.weight`) as Float32Array, row).map((value, index) => value + (bias?.[index] ?? 0)),
  );
}

function norm(weights: Weights, name: string, rows: Rows): Rows {
  return rows.map((row) => {
    const mean = row.reduce((total, value) => total + value, 0) / row.length;
    const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / row.length;
    return row.map(
      (value, index) =>
        ((value - mean) / Math.sqrt(variance + 1e-5)) * at(weights, `${name}.weight`, index) +
        at(weights, `${name}.bias`, index),
    );
  });
}

function attend(
  weights: Weights,
  name: string,
  heads: number,
  from: Rows,
  to: Rows,
  attends: (query: number, key: number) => boolean,
): Rows {
  const [query, key, value] = [
    linear(weights, `${name}.query`, from),
    linear(weights, `${name}.key`, to),
    linear(weights, `${name}.value`, to),
  ] as [Rows, Rows, Rows];
  const width = (query[0] as Float64Array).length;
  const size = width / heads;
  const attended = query.map((q, token) => {
    const result = new Float64Array(width);
    for (let head = 0; head < heads; head++) {
      const of = (row: Float64Array): Float64Array => row.subarray(head * size, (head + 1) * size);
      const shares = key.map((k, row) =>
        attends(token, row)
          ? Math.exp(of(q).reduce((dot, part, index) => dot + part * (of(k)[index] as number), 0) / Math.sqrt(size))
          : 0,
      );
      const total = shares.reduce((a, b) => a + b, 0);
      shares.forEach((share, row) =>
        of(value[row] as Float64Array).forEach(
          (part, index) =>
            (result[head * size + index] = (result[head * size + index] as number) + (share / total) * part),
        ),
      );
    }
    return result;
  });
  return linear(weights, `${name}.out`, attended);
}

const network = (weights: Weights, block: string, x: Rows): Rows =>
  linear(
    weights,
    `${block}.mlp.2`,
    linear(weights, `${block}.mlp.0`, norm(weights, `${block}.mlp_ln`, x)).map((row) => row.map(gelu)),
  );

function convolve(weights: Weights, name: string, x: Rows, stride: number): Rows {
  const channels = (x[0] as Float64Array).length;
  const bias = weights.get(`${name}.bias`) as Float32Array;
  return Array.from({ length: x.length / stride }, (_, column) =>
    Float64Array.from(bias, (start, output) => {
      let total = start;
      for (let tap = 0; tap < 3; tap++) {
        const row = x[column * stride + tap - 1];
        row?.forEach(
          (value, channel) => (total += value * at(weights, `${name}.weight`, (output * channels + channel) * 3 + tap)),
        );
      }
      return total;
    }),
  );
}

const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));

/** The Taylor series, for the small values of a test. */
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 && n < 200; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
