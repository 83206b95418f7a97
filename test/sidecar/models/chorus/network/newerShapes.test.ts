import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { describeShapes, type Shape } from '../../../../reference/shapeParity.ts';

const float = (value: number): GgufEntry => ({ type: 'f32', value });

const shapes: Readonly<Record<string, Shape>> = {
  'granite of one layer, groups of five': { variant: 'granite', blocks: 1, heads: 5, kvHeads: 1 },
  'granite without biases, tied': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    isTied: true,
    omit: ['.bias'],
  },
  'granite with factors of its frequencies': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 3,
    hasFrequencyFactors: true,
  },
  'granite without factors of embeddings, attention and residuals': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { embedding_scale: float(0), residual_scale: float(0), 'attention.scale': float(0) },
  },
};

describeShapes('newer models of unusual shapes', shapes);
