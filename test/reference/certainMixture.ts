import type { MixtureForm } from '../../sidecar/models/adapters/expertMixture.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { readTensors } from './readTensors.ts';
import { writeTinyAdapter } from './tinyAdapters.ts';

/**
 * Writes a mixture of two experts that equal an adapter. The scores of the two are opposite numbers far from 0, the
 * score of the model alone. So the gates of the two add up to 1 for every token.
 */
export async function writeCertainMixture(
  file: string,
  model: string,
  adapter: string,
  form: MixtureForm = 'projections',
): Promise<void> {
  const factors = await readTensors(adapter);
  const header = await readGgufHeader(adapter);
  const rank = header.tensors.find(({ name }) => name.endsWith('.lora_b'))?.shape[0] ?? 1;
  await writeTinyAdapter(file, model, {
    rank,
    alpha: Number(header.metadata.get('adapter.lora.alpha')),
    mixture: { experts: 2, expertsUsed: 0, form },
    change: (name, values) => {
      const own = factors.get(name);
      if (!own) {
        const width = values.length / 3;
        return values.map((_, index) =>
          index < width ? 0 : (index < 2 * width ? 1e5 : -1e5) * (values[index % width] as number),
        );
      }
      if (name.endsWith('.lora_a')) return Float32Array.from([...own, ...own]);
      return Float32Array.from(
        { length: 2 * own.length },
        (_, index) => own[Math.floor(index / (2 * rank)) * rank + (index % rank)] as number,
      );
    },
  });
}
