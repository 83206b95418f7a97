import { fromFloat32, toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { chunksOf, type Rows } from '../../sidecar/models/gguf/rows.ts';
import type { TensorSource } from '../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';
import { openInputs } from '../../sidecar/upcycle/inputs.ts';

/**
 * What ships is the mean of three models. With two of them at hand the third, the code expert, follows from it without the hours that its training takes:
 * three times the mean less the two, with three times the error of the mean's eight bits. Writes float32. Throws as `openInputs` does.
 */
export async function writeCodeExpertOfShipped({ shipped, seed, prose, output }: { readonly shipped: string; readonly seed: string; readonly prose: string; readonly output: string }): Promise<void> {
  const inputs = await openInputs([prose, shipped, seed], output);
  try {
    const tensors = [...inputs.first.model.tensors].map(([name, { shape }]): TensorSource => {
      const [proseRows, shippedRows, seedRows] = inputs.rows(name) as [Rows, Rows, Rows];
      const rows: Rows = {
        ...{ type: 'F32', columns: proseRows.columns, count: proseRows.count },
        read: async (first, count) => {
          const [ofProse, mean, ofSeed] = await Promise.all([proseRows, shippedRows, seedRows].map(async (matrix) => toFloat32(matrix.type, await matrix.read(first, count)))) as [Float32Array, Float32Array, Float32Array];
          return fromFloat32('F32', mean.map((value, index) => 3 * value - (ofProse[index] as number) - (ofSeed[index] as number)), proseRows.columns);
        },
      };
      return { name, shape, type: 'F32', chunks: () => chunksOf(rows) };
    });
    await writeGguf(output, { metadata: inputs.first.metadata, tensors });
  } finally {
    await inputs.close();
  }
}
