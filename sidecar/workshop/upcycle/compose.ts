import type { TensorType } from '../../../kernels/ggml/types.ts';
import { chunksOf, converted, type Rows } from '../../models/gguf/rows.ts';
import type { GgufContent, TensorSource } from '../../models/gguf/content.ts';
import type { Inputs } from './inputs.ts';
import { metadataOf } from './metadata.ts';
import type { Recipe } from './recipe.ts';
import { areEqual, averaged, commonType, interleaved, repeated, stacked } from './rows.ts';

/** The weights of a router, `[width, experts]`, of a block's attention or feed-forward. */
export type RouterWeights = (block: number, which: 'attention' | 'feedForward') => Float32Array;

/**
 * Composes a Branch-Attend-Mix model (arXiv 2408.08274, step three).
 *
 * Feed-forward and attention weights are copied, byte by byte if types agree. Norms, embeddings and the output are
 * averaged, and with a shared cache also keys and values. Routers are given. A tensor that is equal in all inputs is
 * kept unchanged.
 */
export async function compose(inputs: Inputs, recipe: Recipe, routers: RouterWeights): Promise<GgufContent> {
  return { metadata: metadataOf(inputs, recipe), tensors: await new Composer(inputs, recipe, routers).compose() };
}

class Composer {
  readonly #tensors: TensorSource[] = [];

  constructor(
    private readonly inputs: Inputs,
    private readonly recipe: Recipe,
    private readonly routers: RouterWeights,
  ) {}

  async compose(): Promise<TensorSource[]> {
    const { inputs, recipe } = this;
    if (recipe.keepsArchitecture) {
      for (const name of inputs.first.model.tensors.keys()) await this.#average(name);
      return this.#tensors;
    }
    const { blockCount } = inputs.first.model.hyperparameters;
    for (const name of [
      'token_embd.weight',
      'output_norm.weight',
      'output_norm.bias',
      'output.weight',
      'rope_freqs.weight',
    ])
      await this.#average(name);
    for (let block = 0; block < blockCount; block++) {
      const mixes = recipe.experts > 1 && (block + 1) % recipe.interval === 0;
      for (const norm of ['attn_norm', 'ffn_norm'])
        for (const part of ['weight', 'bias']) await this.#average(`blk.${block}.${norm}.${part}`);
      await (mixes && recipe.attention !== 'average' ? this.#mixAttention(block) : this.#averageAttention(block));
      if (mixes) this.#mixFeedForward(block);
      else
        for (const matrix of ['ffn_gate', 'ffn_up', 'ffn_down'])
          for (const part of ['weight', 'bias']) await this.#average(`blk.${block}.${matrix}.${part}`);
    }
    return this.#tensors;
  }

  async #averageAttention(block: number): Promise<void> {
    const name = `blk.${block}`;
    for (const matrix of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      for (const part of ['weight', 'bias']) await this.#average(`${name}.${matrix}.${part}`);
    const { heads, kvHeads } = this.inputs.first.model.hyperparameters;
    await this.#averageHeadNorm(`${name}.attn_q_norm.weight`, heads);
    await this.#averageHeadNorm(`${name}.attn_k_norm.weight`, kvHeads);
  }

  async #mixAttention(block: number): Promise<void> {
    const { inputs, recipe } = this;
    const { heads, kvHeads, headSize, width } = inputs.first.model.hyperparameters;
    const name = `blk.${block}`;
    this.#addRouter(`${name}.attn_gate_inp.weight`, this.routers(block, 'attention'));
    this.#stack(`${name}.attn_q.weight`, inputs.rows(`${name}.attn_q.weight`), { headRows: headSize, isQuery: true });
    if (inputs.has(`${name}.attn_q.bias`))
      this.#stack(`${name}.attn_q.bias`, inputs.rows(`${name}.attn_q.bias`, 1), {
        headRows: headSize,
        isQuery: true,
        isVector: true,
      });
    for (const matrix of ['attn_k', 'attn_v']) {
      if (recipe.cache === 'shared') {
        for (const part of ['weight', 'bias']) await this.#average(`${name}.${matrix}.${part}`);
        continue;
      }
      this.#stack(`${name}.${matrix}.weight`, inputs.rows(`${name}.${matrix}.weight`), { headRows: headSize });
      if (inputs.has(`${name}.${matrix}.bias`))
        this.#stack(`${name}.${matrix}.bias`, inputs.rows(`${name}.${matrix}.bias`, 1), {
          headRows: headSize,
          isVector: true,
        });
    }
    this.#interleave(`${name}.attn_output.weight`, inputs.rows(`${name}.attn_output.weight`), [
      recipe.experts * heads * headSize,
      width,
    ]);
    if (inputs.has(`${name}.attn_output.bias`))
      this.#interleave(`${name}.attn_output.bias`, inputs.rows(`${name}.attn_output.bias`, 1), [recipe.experts, width]);
    if (!inputs.hasHeadNorm) return;
    this.#stack(`${name}.attn_q_norm.weight`, this.#headNorms(`${name}.attn_q_norm.weight`, heads), {
      headRows: 1,
      isQuery: true,
    });
    if (recipe.cache === 'shared') await this.#averageHeadNorm(`${name}.attn_k_norm.weight`, kvHeads);
    else
      this.#stack(`${name}.attn_k_norm.weight`, this.#headNorms(`${name}.attn_k_norm.weight`, kvHeads), {
        headRows: 1,
      });
  }

  #mixFeedForward(block: number): void {
    const { inputs, recipe } = this;
    const name = `blk.${block}`;
    this.#addRouter(`${name}.ffn_gate_inp.weight`, this.routers(block, 'feedForward'));
    for (const matrix of ['ffn_gate', 'ffn_up', 'ffn_down']) {
      const rows = agreed(inputs.rows(`${name}.${matrix}.weight`));
      this.#add(
        `${name}.${matrix}_exps.weight`,
        rows,
        [(rows[0] as Rows).columns, (rows[0] as Rows).count, recipe.experts],
        () => stacked(rows.map(whole)),
      );
      if (!inputs.has(`${name}.${matrix}.bias`)) continue;
      const biases = agreed(inputs.rows(`${name}.${matrix}.bias`));
      this.#add(`${name}.${matrix}_exps.bias`, biases, [(biases[0] as Rows).columns, recipe.experts], () =>
        stacked(biases.map(whole)),
      );
    }
  }

  /** Stacks tensors by expert. With a shared cache, queries are stacked by KV head, then by expert. */
  #stack(
    name: string,
    inputs: readonly Rows[],
    options: { headRows: number; isQuery?: boolean; isVector?: boolean },
  ): void {
    const { heads, kvHeads } = this.inputs.first.model.hyperparameters;
    const rows = agreed(inputs);
    const { columns, count } = rows[0] as Rows;
    const group = (heads / kvHeads) * options.headRows;
    const byHead = Array.from({ length: kvHeads }, (_, head) =>
      rows.map((expert) => ({ rows: expert, first: head * group, count: group })),
    ).flat();
    const shape = options.isVector ? [count * rows.length] : [columns, count * rows.length];
    this.#add(name, rows, shape, () =>
      stacked(options.isQuery && this.recipe.cache === 'shared' ? byHead : rows.map(whole)),
    );
  }

  #interleave(name: string, inputs: readonly Rows[], shape: readonly number[]): void {
    const rows = agreed(inputs);
    this.#add(name, rows, shape, () => interleaved(rows));
  }

  async #average(name: string): Promise<void> {
    const tensor = this.inputs.first.model.tensors.get(name);
    if (tensor) await this.#addAverage(name, this.inputs.rows(name), tensor.shape);
  }

  async #averageHeadNorm(name: string, heads: number): Promise<void> {
    if (!this.inputs.hasHeadNorm) return;
    const rows = this.#headNorms(name, heads);
    await this.#addAverage(name, rows, [(rows[0] as Rows).columns, heads]);
  }

  async #addAverage(name: string, rows: readonly Rows[], shape: readonly number[]): Promise<void> {
    const [first] = rows as [Rows];
    const result = (await areEqual(rows))
      ? first
      : averaged(
          rows,
          commonType(
            rows.map(({ type }) => type),
            first.columns,
          ),
        );
    this.#add(name, [result], shape, () => chunksOf(result));
  }

  /** A row per head, even for a norm that all heads share. */
  #headNorms(name: string, heads: number): Rows[] {
    const { headSize } = this.inputs.first.model.hyperparameters;
    return this.inputs.rows(name, headSize).map((rows) => (rows.count === heads ? rows : repeated(rows, heads)));
  }

  #addRouter(name: string, values: Float32Array): void {
    const { experts } = this.recipe;
    this.#tensors.push({
      name,
      type: 'F32',
      shape: [values.length / experts, experts],
      chunks: () => [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
    });
  }

  #add(name: string, rows: readonly Rows[], shape: readonly number[], chunks: TensorSource['chunks']): void {
    this.#tensors.push({ name, type: (rows[0] as Rows).type, shape, chunks });
  }
}

function whole(rows: Rows): { rows: Rows; first: number; count: number } {
  return { rows, first: 0, count: rows.count };
}

/** Converts matrices to a common type. Equal types stay unchanged. */
function agreed(rows: readonly Rows[]): readonly Rows[] {
  const types = rows.map(({ type }) => type);
  if (types.every((type) => type === types[0])) return rows;
  const type: TensorType = commonType(types, (rows[0] as Rows).columns);
  return rows.map((matrix) => converted(matrix, type));
}
