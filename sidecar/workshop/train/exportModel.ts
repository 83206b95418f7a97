import { factorProduct } from '../../../kernels/blocks/lowRank.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { scale } from '../../../kernels/ggml/ops.ts';
import { readF32 } from '../../../kernels/ggml/transfer.ts';
import type { TensorSource } from '../../models/gguf/content.ts';
import { writeGguf } from '../../models/gguf/writer.ts';
import type { LocatedTensor } from '../../models/gguf/locate.ts';
import type { PlacedModel } from './placedModel.ts';
import { fitted, readBytes, readValues } from './tensorValues.ts';

/**
 * Writes a model as GGUF: trained weights in F32, frozen weights unchanged.
 *
 * Factors are written as their product, and an adapter as the sum with its base matrix. So every engine can run the
 * file, and a further low-rank training finds the factors again. Throws `TroubleError`.
 */
export async function exportModel(file: string, placed: PlacedModel): Promise<void> {
  const { model, parameters, plan } = placed;
  const trained = new Map(parameters.all.map((parameter) => [parameter.spec.name, parameter.master]));
  const tensors = model.specs.map(({ name, extents }): TensorSource => {
    const inFloat32 = (values: () => Float32Array | Promise<Float32Array>): TensorSource => ({
      name,
      shape: extents,
      type: 'F32',
      chunks: async function* () {
        yield bytesOf(await values());
      },
    });
    if (plan?.ranks.has(name)) return inFloat32(() => mergedValues(placed, name));
    const master = trained.get(name);
    const count = extents.reduce((product, extent) => product * extent, 1);
    if (master) return inFloat32(() => fitted(readF32(parameters.device, master), count));
    const source = model.tensors.get(name) as LocatedTensor;
    return {
      name,
      shape: source.shape,
      type: source.type,
      chunks: async function* () {
        yield await readBytes(source);
      },
    };
  });
  await writeGguf(file, { metadata: model.metadata, tensors });
}

/** `factor · U Vᵀ`, plus the base matrix if there is one. */
async function mergedValues(placed: PlacedModel, name: string): Promise<Float32Array> {
  const { device } = placed.parameters;
  const { down, up } = placed.factors(name);
  using graph = new Graph(device);
  using memory = new DeviceMemory(device);
  const product = scale(graph, factorProduct(graph, { down: down.master, up: up.master }), placed.plan?.factor ?? 1);
  graph.expand(product, { read: true });
  graph.allocate(memory);
  await graph.compute();
  const values = readF32(device, product);
  if (!placed.plan?.isAdapter) return values;
  const base = await readValues(placed.model.tensors.get(name) as LocatedTensor);
  return values.map((value, index) => value + (base[index] as number));
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
