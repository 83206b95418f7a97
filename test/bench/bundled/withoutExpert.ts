import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';
import type { Hyperparameters } from '../../../sidecar/models/architectures/architecture.ts';
import { checkModel } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { chunksOf, fileRows } from '../../../sidecar/models/gguf/rows.ts';
import type { LocatedTensor } from '../../../sidecar/models/gguf/locate.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';
import { namedModel, type BenchModel } from './models.ts';

/** Returns a mixture without one of its experts, kept in the developer's cache. */
export async function withoutExpert(model: BenchModel, expert: number): Promise<BenchModel> {
  const output = path.join(developerCacheFolder(), 'evaluations', model.digest.slice(0, 16), `without-${expert}.gguf`);
  await mkdir(path.dirname(output), { recursive: true });
  if (!(await stat(output).catch(() => undefined))) await cutExpert(model.file, expert, output);
  return namedModel(`${model.name} without expert ${expert + 1}=${output}`);
}

/**
 * Writes a mixture without the network and attention of one expert. The other experts then share the gates, and of two
 * experts a dense model is left. Matrices become float32 if the cut goes through rows, else they keep their types.
 */
export async function cutExpert(input: string, expert: number, output: string): Promise<void> {
  const { hyperparameters, headers, tensors } = await checkModel(input);
  const [header] = headers;
  if (!header || headers.length > 1) throw new Error(`${input} is split: join its parts first.`);
  const file = await open(input, 'r');
  try {
    // In a mixture with experts in some blocks the other blocks are dense.
    const { mixture, attentionMixture, ...dense } = hyperparameters;
    const shapeOf = ({ name }: LocatedTensor): Hyperparameters => {
      const block = name.match(/^blk\.\d+/)?.[0];
      return {
        ...dense,
        mixture: tensors.has(`${block}.ffn_gate_inp.weight`) ? mixture : undefined,
        attentionMixture: tensors.has(`${block}.attn_gate_inp.weight`) ? attentionMixture : undefined,
      };
    };
    const sources = [...tensors.values()]
      .map((tensor) => remaining(file, tensor, shapeOf(tensor), expert))
      .filter((source) => source !== undefined);
    await writeGguf(output, { metadata: metadataFor(await copiedMetadata(header), hyperparameters), tensors: sources });
  } finally {
    await file.close();
  }
}

function metadataFor(
  copied: ReadonlyMap<string, GgufEntry>,
  { mixture, attentionMixture }: Hyperparameters,
): Map<string, GgufEntry> {
  const metadata = new Map<string, GgufEntry>(copied);
  if (mixture) setCounts('chorus', mixture.experts - 1, mixture.expertsUsed);
  if (attentionMixture) setCounts('chorus.attention', attentionMixture.experts - 1, attentionMixture.expertsUsed);
  return metadata;

  function setCounts(prefix: string, experts: number, used: number | undefined): void {
    if (experts === 1) {
      for (const key of copied.keys()) if (key.startsWith(`${prefix}.expert_`)) metadata.delete(key);
      return;
    }
    metadata.set(`${prefix}.expert_count`, { type: 'u32', value: experts });
    if (used !== undefined)
      metadata.set(`${prefix}.expert_used_count`, { type: 'u32', value: Math.min(used, experts) });
  }
}

/**
 * How a tensor stacks experts: `rows` in groups of `[outer][expert][inner]` rows, or `columns` of each row expert by
 * expert.
 */
type Stacking =
  | { readonly along: 'rows'; readonly outer: number; readonly experts: number; readonly inner: number }
  | { readonly along: 'columns'; readonly experts: number }
  | 'router'
  | undefined;

function stackingOf(name: string, { mixture, attentionMixture, heads, kvHeads, headSize }: Hyperparameters): Stacking {
  if (/\.ffn_gate_inp\./.test(name)) return mixture && 'router';
  if (/\.attn_gate_inp\./.test(name)) return attentionMixture && 'router';
  if (/\.ffn_(gate|up|down)_exps\./.test(name))
    return mixture && { along: 'rows', outer: 1, experts: mixture.experts, inner: 0 };
  if (!attentionMixture) return undefined;
  const { experts, cache } = attentionMixture;
  if (/\.attn_q\./.test(name))
    return {
      along: 'rows',
      outer: cache === 'shared' ? kvHeads : 1,
      experts,
      inner: cache === 'shared' ? (heads / kvHeads) * headSize : heads * headSize,
    };
  if (/\.attn_[kv]\./.test(name))
    return cache === 'expert' ? { along: 'rows', outer: 1, experts, inner: kvHeads * headSize } : undefined;
  if (/\.attn_output\.weight/.test(name)) return { along: 'columns', experts };
  if (/\.attn_(output\.bias|q_norm|k_norm)/.test(name))
    throw new Error(`${name} can't be cut: mixtures with biases or norms of heads are not supported yet.`);
  return undefined;
}

function remaining(
  file: FileHandle,
  tensor: LocatedTensor,
  hyperparameters: Hyperparameters,
  expert: number,
): TensorSource | undefined {
  const stacking = stackingOf(tensor.name, hyperparameters);
  const rows = fileRows(file, tensor);
  const whole = { name: tensor.name, shape: tensor.shape, type: tensor.type };
  if (!stacking) return { ...whole, chunks: () => chunksOf(rows) };
  if (stacking === 'router') {
    const experts = rows.count;
    return experts === 2
      ? undefined
      : { ...whole, shape: [rows.columns, experts - 1], chunks: () => rowsExcept(expert, experts) };
  }
  const { experts } = stacking;
  if (stacking.along === 'columns') {
    const width = rows.columns / experts;
    return { ...whole, type: 'F32', shape: [rows.columns - width, rows.count], chunks: () => columnsExcept(width) };
  }
  // The experts of a stack of matrices are its last extent.
  if (stacking.inner === 0) {
    const shape = experts === 2 ? tensor.shape.slice(0, -1) : [...tensor.shape.slice(0, -1), experts - 1];
    return {
      ...whole,
      name: experts === 2 ? tensor.name.replace('_exps', '') : tensor.name,
      shape,
      chunks: () => rowsExcept(expert, experts),
    };
  }
  return {
    ...whole,
    shape: [rows.columns, rows.count - rows.count / experts],
    chunks: () => rowsExcept(expert, experts, stacking.outer),
  };

  async function* rowsExcept(left: number, groups: number, outer = 1): AsyncGenerator<Uint8Array> {
    const inner = rows.count / groups / outer;
    for (let group = 0; group < outer * groups; group++)
      if (group % groups !== left) yield* chunksOf(rows, group * inner, inner);
  }
  async function* columnsExcept(width: number): AsyncGenerator<Uint8Array> {
    for (let row = 0; row < rows.count; row++) {
      const values = toFloat32(rows.type, await rows.read(row, 1));
      const kept = Float32Array.from([...values.subarray(0, expert * width), ...values.subarray((expert + 1) * width)]);
      yield new Uint8Array(kept.buffer);
    }
  }
}
