import { headSize, type HeaderValues } from './headerValues.ts';
import { shown } from './shown.ts';

/** Returns an error message, or `undefined`. */
type Rule = (values: HeaderValues) => string | undefined;

const withExperts: Rule = (values) => {
  const total = values.number('expert_count') ?? 0;
  return total > 0
    ? undefined
    : `${values.name('expert_count')} is ${values.has('expert_count') ? total : 'missing'}, expected at least 1`;
};

/** Requires a number of at least `least`. A missing key counts as `fallback`. */
const atLeast =
  (key: string, least: number, fallback = 0): Rule =>
  (values) => {
    const value = values.number(key) ?? fallback;
    return value >= least ? undefined : `${values.name(key)} is ${value}, expected at least ${least}`;
  };

/** Requires `factor` times the embedding length. With `mayBeAbsent`, 0 is also valid. */
const embeddings =
  (key: string, factor: number, mayBeAbsent = false): Rule =>
  (values) => {
    const [value, expected] = [values.number(key) ?? 0, factor * (values.number('embedding_length') ?? 0)];
    return value === expected || (mayBeAbsent && value === 0)
      ? undefined
      : `${values.name(key)} is ${value}, expected ${expected}`;
  };

const loops: Rule = (values) => {
  const layers = (values.number('num_loops') ?? 1) * (values.number('block_count') ?? 0);
  return layers > 512 ? `${values.name('num_loops')} makes ${layers} layers, expected at most 512` : undefined;
};

const safeGate: Rule = (values) =>
  values.get('kda.safe_gate') === true ? undefined : `${values.name('kda.safe_gate')} is not true`;
const gateBound: Rule = (values) =>
  (values.number('kda.gate_lower_bound') ?? 0) < 0
    ? undefined
    : `${values.name('kda.gate_lower_bound')} is not below 0`;

/** In latent attention, a key must have elements that are not rotated. */
const unrotatedKeys: Rule = (values) => {
  const key = values.number('attention.key_length_mla') ?? values.number('attention.key_length');
  const rotated = values.number('rope.dimension_count');
  return key !== undefined && rotated !== undefined && rotated >= key
    ? `${values.name('rope.dimension_count')} is ${rotated}, expected fewer than the ${key} elements of a key`
    : undefined;
};

/**
 * The shares of a head's elements for the axes of a picture. At least one of the first three must be positive, and all
 * of them must fit into a head.
 */
const sections: Rule = (values) => {
  const parts = values.numbers('rope.dimension_sections');
  const name = values.name('rope.dimension_sections');
  if (!parts.slice(0, 3).some((part) => part > 0))
    return `${name} is ${parts.length > 0 ? shown(parts) : 'missing'}, expected a positive number among the first three`;
  const sum = parts.reduce((total, part) => total + part, 0);
  const { key } = headSize(values);
  return sum > key ? `${name} adds up to ${sum}, expected at most the ${key} elements of a head` : undefined;
};

/** A recurrent block's heads must have as many elements as their state. llama.cpp checks only its matrices. */
const stateHeads: Rule = (values) => {
  const number = (key: string): number => values.number(`ssm.${key}`) ?? 0;
  const expected = number('time_step_rank') * number('state_size');
  return number('inner_size') === expected
    ? undefined
    : `${values.name('ssm.inner_size')} is ${number('inner_size')}, expected ${expected}, ${number('time_step_rank')} heads of ${number('state_size')}`;
};

/** The values that make llama.cpp abort the process, for single architectures. */
const rules: ReadonlyMap<string, readonly Rule[]> = new Map(
  Object.entries({
    bailingmoe2: [withExperts],
    bailingmoe3: [safeGate, gateBound],
    deepseek2: [unrotatedKeys],
    'deepseek2-ocr': [unrotatedKeys],
    mistral4: [unrotatedKeys],
    dflash: [atLeast('attention.sliding_window', 1, 1), atLeast('attention.output_group_count', 1, 1)],
    'gemma-embedding': [embeddings('dense_2_feat_in', 1, true), embeddings('dense_3_feat_out', 1, true)],
    glm4moe: [withExperts],
    granitehybrid: [embeddings('ssm.inner_size', 2)],
    jamba: [embeddings('ssm.inner_size', 2)],
    grovemoe: [withExperts, atLeast('experts_per_group', 1, 1)],
    lfm2moe: [withExperts],
    'llada-moe': [withExperts],
    'minimax-m3': [atLeast('attention.indexer.block_size', 1, 1)],
    nanbeige: [atLeast('num_loops', 1, 1), loops],
    ...Object.fromEntries(
      ['paddleocr', 'qwen2vl', 'qwen3tts', 'qwen3vl', 'qwen3vlmoe', 'qwen4exp'].map((name) => [name, [sections]]),
    ),
    qwen35: [sections, stateHeads],
    qwen35moe: [sections, stateHeads],
    smallthinker: [withExperts],
  }),
);

/** Describes a value that makes llama.cpp abort in this architecture only. Returns `undefined` if there is none. */
export function abortingInArchitecture(values: HeaderValues): string | undefined {
  for (const rule of rules.get(values.architecture) ?? []) {
    const wrong = rule(values);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
