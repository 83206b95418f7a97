import type { Architecture, Hyperparameters } from './architecture.ts';
import { llama } from './llama.ts';
import type { Metadata } from './metadata.ts';

/**
 * Ministral 3 and Devstral 2 (arXiv 2601.08584). The graph of Llama, with queries that grow beyond the context of the
 * first training, and its own factor of YaRN.
 */
export const mistral3: Architecture = {
  ...llama,
  name: 'mistral3',

  readHyperparameters(metadata) {
    const common = llama.readHyperparameters(metadata);
    return { ...common, rope: readRope(metadata, common), temperature: readTemperature(metadata) };
  },
};

/** YaRN lengthens queries and keys with the stretch of positions. The file's multiplier takes that back. */
function readRope(metadata: Metadata, { rope }: Hyperparameters): Hyperparameters['rope'] {
  const multiplier = metadata.number('rope.scaling.yarn_log_multiplier', 0);
  const { frequencyScale = 1, extensionFactor = 0, attentionFactor = 1 } = rope;
  if (multiplier === 0 || extensionFactor === 0) return rope;
  const stretch = Math.max(1, 1 / frequencyScale);
  return { ...rope, attentionFactor: attentionFactor / (1 + 0.1 * multiplier * Math.log(stretch)) };
}

/** A file without a growth has no temperature. The steps are the context of the first training. */
function readTemperature(metadata: Metadata): Hyperparameters['temperature'] {
  const growth = metadata.number('attention.temperature_scale', 0);
  if (growth === 0) return undefined;
  const fallback = metadata.count('context_length', { maximum: 1 << 30 });
  return { growth, stepTokens: metadata.count('rope.scaling.original_context_length', { fallback, maximum: 1 << 30 }) };
}
