import path from 'node:path';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { cast } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { read, readF32 } from '../../../kernels/ggml/transfer.ts';
import { INCLUDES_KEY, PURPOSE_KEY, readAdapterFile } from '../../models/adapters/adapterFile.ts';
import { routerName } from '../../models/adapters/expertMixture.ts';
import type { GgufEntry, TensorSource } from '../../models/gguf/content.ts';
import { writeGguf } from '../../models/gguf/writer.ts';
import { plannedBlocks } from './lowRankPlan.ts';
import type { AdapterOptions } from './options.ts';
import type { PlacedModel } from './placedModel.ts';

/**
 * Writes the factors of an adapter, without the model, as llama.cpp's adapter GGUF: for each matrix `lora_a[in, rank]`
 * and `lora_b[rank, out]` in float16. Every llama.cpp can load it beside the model. Experts with routers become a
 * mixture of Chorus ([the file](docs/low-rank-experts.md)).
 *
 * The file names the adapter `from`, which the training began with, and the requests that it counts for. Throws
 * `TroubleError`.
 */
export async function exportAdapter(
  file: string,
  placed: PlacedModel,
  { from, purpose }: Pick<AdapterOptions, 'from' | 'purpose'>,
): Promise<void> {
  const { model, plan } = placed;
  const names = [...(plan?.ranks.keys() ?? [])];
  const rank = Math.max(...(plan?.ranks.values() ?? [])) / (plan?.experts ?? 1);
  const metadata = new Map<string, GgufEntry>([
    ['general.architecture', { type: 'string', value: model.architecture.name }],
    ['general.type', { type: 'string', value: 'adapter' }],
    ['general.name', { type: 'string', value: path.basename(file, '.gguf') }],
    ['general.file_type', { type: 'u32', value: 1 }],
    ['adapter.type', { type: 'string', value: plan?.experts === undefined ? 'lora' : 'chorus' }],
    ['adapter.lora.alpha', { type: 'f32', value: (plan?.factor ?? 1) * rank }],
    ...(plan?.experts === undefined
      ? []
      : [['adapter.chorus.expert_count', { type: 'u32', value: plan.experts }] as const]),
    ...(from === undefined ? [] : [[INCLUDES_KEY, { type: 'string', value: await includedKeys(from) }] as const]),
    ...(purpose === undefined ? [] : [[PURPOSE_KEY, { type: 'string', value: purpose }] as const]),
  ]);
  const tensors = names.flatMap((name) => {
    const { down, up } = placed.factors(name);
    return [factorSource(placed, `${name}.lora_a`, down.master), factorSource(placed, `${name}.lora_b`, up.master)];
  });
  await writeGguf(file, { metadata, tensors: [...tensors, ...routerSources(placed)] });
}

/** The routers of the experts, in float32. */
function routerSources(placed: PlacedModel): readonly TensorSource[] {
  const { plan, parameters } = placed;
  return (plan?.experts === undefined ? [] : plannedBlocks(plan)).map((block) => {
    const { master } = placed.router(block);
    return {
      name: routerName(block),
      shape: master.shape.slice(0, 2),
      type: 'F32',
      chunks: () => [new Uint8Array(readF32(parameters.device, master).buffer)],
    };
  });
}

/** The keys of an adapter and of those that it includes. */
async function includedKeys(file: string): Promise<string> {
  const { key, includes } = await readAdapterFile(file);
  return [key, ...includes].join(' ');
}

function factorSource({ parameters: { device } }: PlacedModel, name: string, factor: Tensor): TensorSource {
  return {
    name,
    shape: factor.shape.slice(0, 2),
    type: 'F16',
    chunks: async function* () {
      using graph = new Graph(device);
      using memory = new DeviceMemory(device);
      const halves = cast(graph, factor, 'F16');
      graph.expand(halves, { read: true });
      graph.allocate(memory);
      await graph.compute();
      const bytes = new Uint8Array(halves.sizeBytes);
      read(device, halves, bytes);
      yield bytes;
    },
  };
}
