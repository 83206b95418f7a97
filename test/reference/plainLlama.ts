import type { PlainLayer } from './plainSelectors.ts';

/** A Llama network in plain loops and double precision, slow and simple. */
export interface PlainLlamaSizes {
  readonly blockCount: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  readonly ropeBase: number;
  readonly vocabularySize: number;
}

/** Weights by their GGUF names, in rows of inputs as in files. */
export type PlainWeights = ReadonlyMap<string, number[]>;

/** Hooks for observing or changing values inside a network. */
export interface PlainHooks {
  /** Replaces the input of each product inside a block. */
  readonly productInput?: (x: readonly number[], name: string) => readonly number[];
  /** What is added to each product inside a block: the change by low-rank experts. */
  readonly productChange?: (x: readonly number[], name: string, position: number) => readonly number[] | undefined;
  /** Receives a token's input of attention or feed-forward, after its norm. */
  readonly onNorm?: (x: readonly number[], name: string, position: number) => void;
  /**
   * Replaces embeddings (place 0) and the outputs of attention (1, 3, …) and feed-forward (2, 4, …) to the residual,
   * token by token.
   */
  readonly branchOutput?: (y: readonly number[], place: number, position: number) => readonly number[];
  /** Receives each block's vectors before attention. */
  readonly onAttention?: (layer: PlainLayer, block: number) => void;
  /** Whether a token attends an earlier token. Default: always. */
  readonly attends?: (place: {
    readonly block: number;
    readonly kvHead: number;
    readonly position: number;
    readonly other: number;
  }) => boolean;
  /** Replaces each token's keys and values as they enter the cache. */
  readonly keptRow?: (row: readonly number[]) => readonly number[];
  /** Experts that attend beside each other with own queries, and share keys and values. */
  readonly attentionExperts?: PlainAttentionExperts;
  /** Receives each block's output for all tokens. */
  readonly onBlock?: (hidden: readonly (readonly number[])[]) => void;
}

interface PlainAttentionExperts {
  /** With the model alone. */
  readonly count: number;
  readonly gate: (block: number, position: number, expert: number) => number;
  /** What an expert adds to a product with a matrix of attention. */
  readonly change: (x: readonly number[], name: string, expert: number) => readonly number[] | undefined;
}

/**
 * `Σ weight · −ln p(next token)` of a sequence; `tokens` has one token more than `weights`. A token attends its
 * document from `starts` on.
 */
export function plainLlamaLoss(
  sizes: PlainLlamaSizes,
  weights: PlainWeights,
  tokens: readonly number[],
  lossWeights: readonly number[],
  documentStart: readonly number[],
  hooks: PlainHooks = {},
): number {
  return plainLlamaLogits(sizes, weights, tokens.slice(0, -1), documentStart, hooks).reduce((sum, logits, position) => {
    const most = Math.max(...logits);
    const total = logits.reduce((all, logit) => all + Math.exp(logit - most), 0);
    return (
      sum -
      (lossWeights[position] as number) * ((logits[tokens[position + 1] as number] as number) - most - Math.log(total))
    );
  }, 0);
}

/** The logits of every token. */
export function plainLlamaLogits(
  sizes: PlainLlamaSizes,
  weights: PlainWeights,
  tokens: readonly number[],
  documentStart: readonly number[],
  hooks: PlainHooks = {},
): number[][] {
  const { productInput = (x) => x, branchOutput = (y) => y, attends = () => true, keptRow = (row) => row } = hooks;
  const { attentionExperts: experts = { count: 1, gate: () => 1, change: () => undefined } } = hooks;
  const { blockCount, width, heads, kvHeads, headSize, epsilon } = sizes;
  const get = (name: string): number[] => {
    const values = weights.get(name);
    if (!values) throw new Error(`No weight ${name}`);
    return values;
  };
  const product = (name: string, x: readonly number[], position: number): number[] => {
    const matrix = get(name);
    const input = name.startsWith('blk.') ? productInput(x, name) : x;
    const change = hooks.productChange?.(input, name, position);
    const products: number[] = [];
    for (let row = 0; row < matrix.length / x.length; row++) {
      let sum = change?.[row] ?? 0;
      for (let column = 0; column < x.length; column++)
        sum += (input[column] as number) * (matrix[row * x.length + column] as number);
      products.push(sum);
    }
    return products;
  };
  const rmsNorm = (name: string, x: readonly number[], position: number): number[] => {
    const gain = get(name);
    const size = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0) / x.length + epsilon);
    const normed = x.map((value, index) => (value / size) * (gain[index] as number));
    hooks.onNorm?.(normed, name, position);
    return normed;
  };
  const embedding = get('token_embd.weight');
  let hidden = tokens.map((token, position) => [
    ...branchOutput(embedding.slice(token * width, (token + 1) * width), 0, position),
  ]);
  for (let block = 0; block < blockCount; block++) {
    const name = `blk.${block}`;
    const normed = hidden.map((x, position) => rmsNorm(`${name}.attn_norm.weight`, x, position));
    const unrotated = normed.map((x, position) => product(`${name}.attn_q.weight`, x, position));
    const queries = unrotated.map((x, position) => rotate(x, position, sizes));
    const keys = normed.map((x, position) => [
      ...keptRow(rotate(product(`${name}.attn_k.weight`, x, position), position, sizes)),
    ]);
    const values = normed.map((x, position) => [...keptRow(product(`${name}.attn_v.weight`, x, position))]);
    hooks.onAttention?.(
      {
        query: queries.map((x) => split(x, headSize)),
        unrotated: unrotated.map((x) => split(x, headSize)),
        key: keys.map((x) => split(x, headSize)),
        value: values.map((x) => split(x, headSize)),
        rotate: (x, position) => rotate(x, position, sizes),
        output: Array.from({ length: heads * headSize }, (_, column) =>
          Array.from(
            { length: width },
            (_row, row) => get(`${name}.attn_output.weight`)[row * heads * headSize + column] as number,
          ),
        ),
      },
      block,
    );
    const attend = (query: readonly number[], position: number): number[] => {
      const attended: number[] = [];
      const first = documentStart[position] as number;
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor(head / (heads / kvHeads));
        const scores: number[] = [];
        for (let other = first; other <= position; other++) {
          if (!attends({ block, kvHead, position, other })) {
            scores.push(-Infinity);
            continue;
          }
          let score = 0;
          for (let index = 0; index < headSize; index++)
            score += (query[head * headSize + index] as number) * at(keys, other, kvHead * headSize + index);
          scores.push(score / Math.sqrt(headSize));
        }
        const most = Math.max(...scores);
        const shares = scores.map((score) => Math.exp(score - most));
        const total = shares.reduce((sum, share) => sum + share, 0);
        for (let index = 0; index < headSize; index++) {
          let sum = 0;
          for (let other = 0; other < shares.length; other++)
            sum += ((shares[other] as number) / total) * at(values, first + other, kvHead * headSize + index);
          attended.push(sum);
        }
      }
      return attended;
    };
    const changed = (y: readonly number[], x: readonly number[], matrix: string, expert: number): readonly number[] => {
      const change = experts.change(x, `${name}.${matrix}.weight`, expert);
      return change ? add(y, change) : y;
    };
    hidden = hidden.map((x, position) => {
      const outputs = Array.from({ length: experts.count }, (_, expert) => {
        const input = normed[position] as readonly number[];
        const query = rotate(changed(unrotated[position] as number[], input, 'attn_q', expert), position, sizes);
        const attended = attend(query, position);
        const output = product(`${name}.attn_output.weight`, attended, position);
        return changed(output, attended, 'attn_output', expert).map(
          (value) => experts.gate(block, position, expert) * value,
        );
      });
      return add(x, branchOutput(outputs.reduce(add), 1 + 2 * block, position));
    });
    hidden = hidden.map((x, position) => {
      const input = rmsNorm(`${name}.ffn_norm.weight`, x, position);
      const gate = product(`${name}.ffn_gate.weight`, input, position);
      const up = product(`${name}.ffn_up.weight`, input, position);
      const down = product(
        `${name}.ffn_down.weight`,
        gate.map((value, index) => (value / (1 + Math.exp(-value))) * (up[index] as number)),
        position,
      );
      return add(x, branchOutput(down, 2 + 2 * block, position));
    });
    hooks.onBlock?.(hidden);
  }
  const output = weights.has('output.weight') ? 'output.weight' : 'token_embd.weight';
  return hidden.map((x, position) => product(output, rmsNorm('output_norm.weight', x, position), position));
}

const at = (rows: readonly number[][], row: number, column: number): number => rows[row]?.[column] as number;
const add = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, index) => value + (b[index] as number));

const split = (x: readonly number[], size: number): number[][] =>
  Array.from({ length: x.length / size }, (_, head) => x.slice(head * size, (head + 1) * size));

/** Rotates neighbouring dimensions of each head. */
function rotate(x: readonly number[], position: number, { headSize, ropeBase }: PlainLlamaSizes): number[] {
  const rotated = [...x];
  for (let index = 0; index < x.length; index += 2) {
    const angle = position * ropeBase ** (-(index % headSize) / headSize);
    const [a, b] = [x[index], x[index + 1]] as [number, number];
    rotated[index] = a * Math.cos(angle) - b * Math.sin(angle);
    rotated[index + 1] = a * Math.sin(angle) + b * Math.cos(angle);
  }
  return rotated;
}
