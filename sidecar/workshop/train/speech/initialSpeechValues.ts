import type { WeightSpec } from '../../../models/architectures/architecture.ts';
import type { SpeechTransformerHyperparameters } from '../../../speech/architectures/speechTransformer.ts';
import { Random } from '../random.ts';

/**
 * Random weights by name. Each keeps the variance of its input (He et al. 2015, arXiv 1502.01852). Outputs to the
 * residual are smaller, by the number of blocks.
 */
export function initialSpeechValues(
  specs: readonly WeightSpec[],
  { width, encoderBlocks, decoderBlocks }: SpeechTransformerHyperparameters,
  seed: number,
): ReadonlyMap<string, Float32Array> {
  const random = new Random(seed);
  const spreadOf = ({ name, extents }: WeightSpec): number => {
    if (name.startsWith('decoder.token_embd')) return 1 / Math.sqrt(width);
    const [inputs] = extents as [number];
    if (name.includes('.conv.')) return Math.sqrt(2 / inputs);
    const entersResidual = name.includes('_output.weight') || name.includes('ffn_down');
    return (
      Math.sqrt(1 / inputs) /
      (entersResidual ? Math.sqrt(2 * (name.startsWith('encoder') ? encoderBlocks : decoderBlocks)) : 1)
    );
  };
  return new Map(
    specs.map((spec) => {
      const count = spec.extents.reduce((product, extent) => product * extent, 1);
      if (spec.use === 'vector')
        return [spec.name, new Float32Array(count).fill(spec.name.endsWith('norm.weight') ? 1 : 0)];
      const spread = spreadOf(spec);
      return [spec.name, Float32Array.from({ length: count }, () => spread * random.normal())];
    }),
  );
}
