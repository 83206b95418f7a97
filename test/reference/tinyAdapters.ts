import { fromFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import { FORM_KEY, type MixtureForm } from '../../sidecar/models/adapters/expertMixture.ts';
import { normalDeviates } from '../../sidecar/models/decoding/random.ts';
import { copiedMetadata, type GgufEntry } from '../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';
import { readTensors } from './readTensors.ts';

/** The names of the matrices of a block that adapters change. */
export const ADAPTED_MATRICES = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];

export interface TinyAdapterOptions {
  readonly rank: number;
  readonly alpha?: number;
  readonly type?: TensorType;
  readonly seed?: number;
  /** The matrices of each block. Default: all that the model has. */
  readonly matrices?: readonly string[] | undefined;
  /** Writes a mixture of so many experts of rank `rank`, with random routers. `expertsUsed` 0: soft gates. */
  readonly mixture?: { readonly experts: number; readonly expertsUsed: number; readonly form?: MixtureForm };
  /** Replaces metadata; `undefined` leaves a key out. */
  readonly keys?: Readonly<Record<string, GgufEntry | undefined>>;
  /** Replaces the values of a tensor, or leaves it out. */
  readonly change?: (name: string, values: Float32Array) => Float32Array | undefined;
  /** Replaces the extents of a tensor. */
  readonly reshape?: (name: string, extents: readonly number[]) => readonly number[];
}

/** Writes a random adapter for a model in llama.cpp's format, large enough to change its logits. */
export async function writeTinyAdapter(
  file: string,
  modelFile: string,
  {
    rank: ownRank,
    alpha = ownRank,
    type = 'F32',
    seed = 1,
    matrices = ADAPTED_MATRICES,
    mixture,
    keys,
    change = (_, values) => values,
    reshape = (_, extents) => extents,
  }: TinyAdapterOptions,
): Promise<void> {
  const model = await readGgufHeader(modelFile);
  const deviate = normalDeviates(seed);
  const metadata: Record<string, GgufEntry | undefined> = {
    'general.type': { type: 'string', value: 'adapter' },
    'general.architecture': { type: 'string', value: String(model.metadata.get('general.architecture')) },
    'general.name': { type: 'string', value: `Tiny adapter ${seed}` },
    'adapter.type': { type: 'string', value: 'lora' },
    'adapter.lora.alpha': { type: 'f32', value: alpha },
    ...(mixture && {
      'adapter.type': { type: 'string', value: 'chorus' },
      'adapter.chorus.expert_count': { type: 'u32', value: mixture.experts },
      'adapter.chorus.expert_used_count': { type: 'u32', value: mixture.expertsUsed },
      ...(mixture.form ? { [FORM_KEY]: { type: 'string', value: mixture.form } } : {}),
    }),
    ...keys,
  };
  const rank = ownRank * (mixture?.experts ?? 1);
  const [width = 1] = model.tensors.find(({ name }) => name === 'token_embd.weight')?.shape ?? [];
  const isAdapted = (name: string): boolean => matrices.some((matrix) => `.${name}`.endsWith(`.${matrix}.weight`));
  const routers = model.tensors
    .filter(({ name }) => mixture && name.endsWith('.attn_norm.weight'))
    .map(({ name }) => ({
      name: name.replace('attn_norm', 'lora_gate_inp'),
      extents: reshape(name.replace('attn_norm', 'lora_gate_inp'), [width, (mixture?.experts ?? 0) + 1]),
      isRouter: true,
    }));
  const tensors = model.tensors
    .filter(({ name }) => isAdapted(name))
    .flatMap(({ name, shape }) => {
      const [input = 1, output = 1] = shape;
      return [
        { name: `${name}.lora_a`, extents: reshape(`${name}.lora_a`, [input, rank]), isRouter: false },
        { name: `${name}.lora_b`, extents: reshape(`${name}.lora_b`, [rank, output]), isRouter: false },
      ];
    })
    .concat(routers)
    .flatMap(({ name, extents, isRouter }) => {
      const [columns = 1, rows = 1] = extents;
      const random = Float32Array.from({ length: columns * rows }, () => (0.7 * deviate()) / Math.sqrt(columns));
      const values = change(name, random);
      const own = isRouter ? 'F32' : type;
      return values ? [{ name, type: own, shape: extents, chunks: () => [fromFloat32(own, values, columns)] }] : [];
    });
  const present = Object.entries(metadata).filter((entry): entry is [string, GgufEntry] => entry[1] !== undefined);
  await writeGguf(file, { metadata: new Map(present), tensors });
}

/** Writes a model in F32 with an adapter's product added to its matrices, in double precision: `W + scale · B A`. */
export async function writeMerged(file: string, modelFile: string, adapterFile: string, scale: number): Promise<void> {
  const header = await readGgufHeader(modelFile);
  const [weights, factors] = await Promise.all([readTensors(modelFile), readTensors(adapterFile)]);
  const tensors = header.tensors.map(({ name, shape }) => {
    const values = weights.get(name) as number[];
    const [a, b] = [factors.get(`${name}.lora_a`), factors.get(`${name}.lora_b`)];
    if (a && b) {
      const [input = 1, output = 1] = shape;
      const rank = a.length / input;
      for (let row = 0; row < output; row++)
        for (let column = 0; column < input; column++)
          for (let inner = 0; inner < rank; inner++)
            values[row * input + column]! +=
              scale * (b[row * rank + inner] as number) * (a[inner * input + column] as number);
    }
    return { name, type: 'F32', shape, chunks: () => [new Uint8Array(Float32Array.from(values).buffer)] };
  });
  await writeGguf(file, { metadata: await copiedMetadata(header), tensors });
}
