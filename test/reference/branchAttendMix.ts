/**
 * Branch-Attend-Mix as plain loops in float64: every option of the architecture `chorus`, token by token, expert by
 * expert.
 */

import { dotProduct, matrixProduct } from './dotProduct.ts';
import { softmax } from './plainSelectors.ts';
import type { TierHooks } from './plainTiers.ts';

export interface ReferenceTensor {
  /** Innermost first. */
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  /** How a product with this matrix rounds its input first. With quantised weights ggml rounds it to eight bits. */
  readonly roundInput?: (x: Float64Array) => Float64Array;
}

type GateMode = 'faithful' | 'renormalised' | 'scaled';

export interface ReferenceModel {
  readonly blocks: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly blockKind: 'serial' | 'parallel';
  readonly norm: 'rms' | 'layer';
  readonly epsilon: number;
  readonly pairing: 'normal' | 'neox';
  readonly ropeBase: number;
  readonly headNorm: boolean;
  readonly logitScale: number;
  /** Only the last of each `interval` blocks has experts. */
  readonly interval: number;
  readonly experts: number;
  readonly expertsUsed: number;
  readonly gateMode: GateMode;
  readonly attentionExperts: number;
  /** 0: all. */
  readonly attentionExpertsUsed: number;
  /** The gates of the chosen experts. */
  readonly attentionGateMode?: GateMode;
  readonly cache: 'expert' | 'shared';
  /** By how much the gate of the last chosen expert must exceed the next gate. */
  readonly leastMargin: number;
  readonly tensors: ReadonlyMap<string, ReferenceTensor>;
}

/**
 * A router's choice depends on a difference below `leastMargin`. With other rounding, another expert may be chosen, and
 * later results differ.
 */
export class UndecidedError extends Error {
  override readonly name = 'UndecidedError';
}

const everything: TierHooks = { attends: () => true };

/** The logits after each token of a sequence. Throws `UndecidedError`. */
export function branchAttendMix(model: ReferenceModel, tokens: readonly number[], hooks = everything): Float64Array[] {
  const embedding = tensor(model, 'token_embd.weight');
  let hidden = tokens.map((token) =>
    Float64Array.from({ length: model.width }, (_, index) => embedding.values[token * model.width + index] as number),
  );
  for (let block = 0; block < model.blocks; block++) hidden = transform(model, block, hidden, hooks);
  return hidden.map((x) => {
    const normed = normalise(model, x, 'output_norm');
    const logits = product(model.tensors.has('output.weight') ? tensor(model, 'output.weight') : embedding, normed);
    return logits.map((logit) => logit * model.logitScale);
  });
}

function transform(
  model: ReferenceModel,
  block: number,
  inputs: readonly Float64Array[],
  hooks: TierHooks,
): Float64Array<ArrayBuffer>[] {
  const name = `blk.${block}`;
  const mixes = (block + 1) % model.interval === 0;
  const normed = inputs.map((x) => normalise(model, x, `${name}.attn_norm`));
  const attended = attend(model, block, normed, mixes ? model.attentionExperts : 1, hooks);
  const experts = mixes ? model.experts : 1;
  return inputs.map((x, position) => {
    const attention = attended[position] as Float64Array;
    if (model.blockKind === 'parallel')
      return sum(x, attention, feed(model, name, normed[position] as Float64Array, experts));
    const between = sum(x, attention);
    return sum(between, feed(model, name, normalise(model, between, `${name}.ffn_norm`), experts));
  });
}

/**
 * Σ over experts of gate · (Wo · attention + bias). A token attends itself and all earlier tokens that `hooks` allows.
 */
function attend(
  model: ReferenceModel,
  block: number,
  normed: readonly Float64Array[],
  experts: number,
  hooks: TierHooks,
): Float64Array[] {
  const name = `blk.${block}`;
  const { heads, kvHeads, headSize, cache } = model;
  const group = heads / kvHeads;
  const queries = normed.map((x) => project(model, `${name}.attn_q`, x));
  const keys = normed.map((x) => project(model, `${name}.attn_k`, x));
  const values = normed.map((x) => project(model, `${name}.attn_v`, x));
  const isShared = experts > 1 && cache === 'shared';
  // The index of an expert's head among all heads.
  const queryHead = (expert: number, head: number): number =>
    isShared ? (Math.floor(head / group) * experts + expert) * group + (head % group) : expert * heads + head;
  const keyHead = (expert: number, head: number): number =>
    (isShared ? 0 : expert * kvHeads) + Math.floor(head / group);
  const headOf = (vector: Float64Array, head: number): Float64Array =>
    vector.subarray(head * headSize, (head + 1) * headSize);

  const eachHead = (
    vectors: readonly Float64Array[],
    change: (part: Float64Array, head: number, position: number) => Float64Array,
  ): void =>
    vectors.forEach((vector, position) => {
      for (let head = 0; head < vector.length / headSize; head++)
        headOf(vector, head).set(change(headOf(vector, head), head, position));
    });
  if (model.headNorm) {
    const normalised =
      (norm: string) =>
      (part: Float64Array, head: number): Float64Array =>
        normaliseBy(
          model,
          part,
          (index) => tensor(model, `${name}.${norm}.weight`).values[head * headSize + index] as number,
        );
    eachHead(queries, normalised('attn_q_norm'));
    eachHead(keys, normalised('attn_k_norm'));
  }
  const unrotated = byHead(queries, headSize);
  for (const vectors of [queries, keys]) eachHead(vectors, (part, _head, position) => rotate(model, part, position));

  const output = tensor(model, `${name}.attn_output.weight`);
  const round = output.roundInput ?? ((heard: Float64Array): Float64Array => heard);
  const columns = experts * heads * headSize;
  // Its columns are ordered by expert.
  const outputHeads: number[] = [];
  for (let head = 0; head < experts * heads; head++)
    outputHeads[queryHead(Math.floor(head / heads), head % heads)] = head;
  const bias = model.tensors.get(`${name}.attn_output.bias`);
  const gatesOf = normed.map((x) =>
    experts > 1 ? attentionGates(model, product(tensor(model, `${name}.attn_gate_inp.weight`), x)) : [1],
  );
  hooks.onAttention?.(
    {
      ...{ query: byHead(queries, headSize), unrotated, key: byHead(keys, headSize), value: byHead(values, headSize) },
      rotate: (x, position) => [...rotate(model, Float64Array.from(x), position)],
      output: outputHeads.flatMap((head) => transposed(output, head * headSize, headSize)),
      // All experts vote for a shared cache, weighted by their gates.
      votes: isShared
        ? gatesOf.map((gates) =>
            Array.from(
              { length: experts * heads },
              (_, at) => experts * (gates[Math.floor(at / group) % experts] as number),
            ),
          )
        : undefined,
    },
    block,
  );
  return normed.map((_, position) => {
    const gates = gatesOf[position] as number[];
    const result = new Float64Array(model.width);
    for (let expert = 0; expert < experts; expert++) {
      const heard = new Float64Array(heads * headSize);
      for (let head = 0; head < heads; head++) {
        const query = headOf(queries[position] as Float64Array, queryHead(expert, head));
        const weights = softmax(
          keys
            .slice(0, position + 1)
            .map((key, other) =>
              hooks.attends({ block, kvHead: keyHead(expert, head), position, other })
                ? dotProduct(key, keyHead(expert, head) * headSize, query) / Math.sqrt(headSize)
                : -Infinity,
            ),
        );
        weights.forEach((weight, at) => {
          const value = headOf(values[at] as Float64Array, keyHead(expert, head));
          for (let index = 0; index < headSize; index++)
            heard[head * headSize + index]! += weight * (value[index] as number);
        });
      }
      const rounded = round(heard);
      for (let row = 0; row < model.width; row++) {
        const value =
          (bias ? (bias.values[row * experts + expert] as number) : 0) +
          dotProduct(output.values, row * columns + expert * heads * headSize, rounded);
        result[row]! += (gates[expert] as number) * value;
      }
    }
    return result;
  });
}

/** A range of columns of a matrix, as rows. */
function transposed(
  { shape: [columns = 1, rows = 1], values }: ReferenceTensor,
  first: number,
  count: number,
): number[][] {
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: rows }, (_row, row) => values[row * columns + first + index] as number),
  );
}

/** The vectors by token and head. */
function byHead(vectors: readonly Float64Array[], headSize: number): number[][][] {
  return vectors.map((vector) =>
    Array.from({ length: vector.length / headSize }, (_, head) => [
      ...vector.subarray(head * headSize, (head + 1) * headSize),
    ]),
  );
}

function attentionGates(
  { attentionExpertsUsed: used, attentionGateMode = 'renormalised', attentionExperts, leastMargin }: ReferenceModel,
  scores: Float64Array,
): number[] {
  const gates = softmax([...scores]);
  if (used === 0) return gates;
  const chosen = largest(gates, used, leastMargin);
  const total = chosen.reduce((all, expert) => all + (gates[expert] as number), 0);
  const factor = { faithful: 1, renormalised: 1 / total, scaled: attentionExperts }[attentionGateMode];
  return gates.map((gate, expert) => (chosen.includes(expert) ? gate * factor : 0));
}

function feed(model: ReferenceModel, name: string, x: Float64Array, experts: number): Float64Array {
  if (experts === 1)
    return gated(project(model, `${name}.ffn_gate`, x), project(model, `${name}.ffn_up`, x), (hidden) =>
      project(model, `${name}.ffn_down`, hidden),
    );
  const probabilities = softmax([...product(tensor(model, `${name}.ffn_gate_inp.weight`), x)]);
  const chosen = largest(probabilities, model.expertsUsed, model.leastMargin);
  const total = chosen.reduce((all, expert) => all + (probabilities[expert] as number), 0);
  const result = new Float64Array(model.width);
  for (const expert of chosen) {
    const probability = probabilities[expert] as number;
    const gate = { faithful: probability, renormalised: probability / total, scaled: probability * experts }[
      model.gateMode
    ];
    const of = (matrix: string, input: Float64Array): Float64Array =>
      project(model, `${name}.${matrix}`, input, expert);
    const output = gated(of('ffn_gate_exps', x), of('ffn_up_exps', x), (hidden) => of('ffn_down_exps', hidden));
    for (let index = 0; index < result.length; index++) result[index]! += gate * (output[index] as number);
  }
  return result;
}

function gated(gate: Float64Array, up: Float64Array, down: (hidden: Float64Array) => Float64Array): Float64Array {
  return down(gate.map((value, index) => (value / (1 + Math.exp(-value))) * (up[index] as number)));
}

/** `W x + b`. If `W` is a stack, of a single expert. */
function project(model: ReferenceModel, name: string, x: Float64Array, expert = 0): Float64Array {
  const result = product(tensor(model, `${name}.weight`), x, expert);
  const bias = model.tensors.get(`${name}.bias`);
  return bias ? result.map((value, row) => value + (bias.values[expert * result.length + row] as number)) : result;
}

function product(
  { shape: [, rows = 1], values, roundInput }: ReferenceTensor,
  input: Float64Array,
  expert = 0,
): Float64Array {
  return matrixProduct(values, roundInput ? roundInput(input) : input, { firstRow: expert * rows, rows });
}

function normalise(model: ReferenceModel, x: Float64Array, name: string): Float64Array {
  const bias = model.tensors.get(`${name}.bias`);
  const gain = tensor(model, `${name}.weight`).values;
  return normaliseBy(model, x, (index) => gain[index] as number).map(
    (value, index) => value + (bias ? (bias.values[index] as number) : 0),
  );
}

function normaliseBy(
  { norm, epsilon }: ReferenceModel,
  x: Float64Array,
  gain: (index: number) => number,
): Float64Array {
  const mean = norm === 'layer' ? x.reduce((total, value) => total + value, 0) / x.length : 0;
  const variance = x.reduce((total, value) => total + (value - mean) ** 2, 0) / x.length;
  return x.map((value, index) => ((value - mean) / Math.sqrt(variance + epsilon)) * gain(index));
}

function rotate({ pairing, ropeBase }: ReferenceModel, x: Float64Array, position: number): Float64Array {
  const half = x.length / 2;
  const result = x.slice();
  for (let pair = 0; pair < half; pair++) {
    const angle = position * ropeBase ** (-pair / half);
    const [first, second] = pairing === 'normal' ? [2 * pair, 2 * pair + 1] : [pair, pair + half];
    const [a, b] = [x[first] as number, x[second] as number];
    result[first] = a * Math.cos(angle) - b * Math.sin(angle);
    result[second] = a * Math.sin(angle) + b * Math.cos(angle);
  }
  return result;
}

function tensor({ tensors }: ReferenceModel, name: string): ReferenceTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`The reference needs ${name}`);
  return found;
}

function sum(...vectors: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  return Float64Array.from(vectors[0] as Float64Array, (_, index) =>
    vectors.reduce((total, vector) => total + (vector[index] as number), 0),
  );
}

/** The indices of the `count` largest values. */
function largest(values: readonly number[], count: number, leastMargin: number): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[b] as number) - (values[a] as number));
  const [last, next] = [order[count - 1], order[count]].map((index) =>
    index === undefined ? -Infinity : (values[index] as number),
  );
  if ((last as number) - (next as number) < leastMargin)
    throw new UndecidedError(`${String(last)} and ${String(next)}`);
  return order.slice(0, count);
}
