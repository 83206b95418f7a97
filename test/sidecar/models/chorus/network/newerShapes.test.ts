import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { count, describeShapes, experts, type Shape } from '../../../../reference/shapeParity.ts';

const float = (value: number): GgufEntry => ({ type: 'f32', value });
const text = (value: string): GgufEntry => ({ type: 'string', value });

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
  'mistral3 of one layer, groups of five': { variant: 'mistral3', blocks: 1, heads: 5, kvHeads: 1 },
  'mistral3, heads wider than the network, tied': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    width: 64,
    headSize: 32,
    isTied: true,
    omit: ['.bias'],
  },
  'mistral3, queries that grow at each odd number of tokens': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.original_context_length': count(7), 'attention.temperature_scale': float(0.5) },
  },
  'mistral3, queries that do not grow': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'attention.temperature_scale': float(0) },
  },
  'mistral3 with half the multiplier of YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.yarn_log_multiplier': float(0.5) },
  },
  'mistral3 without the multiplier of YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.yarn_log_multiplier': float(0) },
  },
  'mistral3 without YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.type': text('none') },
  },
  'mistral3 with two of three experts': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: experts(3, 2),
  },
};

describeShapes('newer models of unusual shapes', shapes);
