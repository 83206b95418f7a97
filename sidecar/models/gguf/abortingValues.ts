import { abortingInArchitecture } from './abortingArchitectures.ts';
import { headSize, slidingHeadSize, type HeaderValues } from './headerValues.ts';
import { shown } from './shown.ts';

/** Architectures for which llama.cpp rotates whole heads and aborts if only a part is to be rotated. */
const WHOLE_ROTATION: ReadonlySet<string> = new Set([
  'apertus',
  'arcee',
  'arctic',
  'baichuan',
  'chameleon',
  'codeshell',
  'cogvlm',
  'cohere2moe',
  'dbrx',
  'deci',
  'deepseek',
  'dots1',
  'dream',
  'ernie4_5',
  'ernie4_5-moe',
  'exaone',
  'exaone-moe',
  'exaone4',
  'falcon',
  'granite',
  'granite_swa',
  'granitemoe',
  'graniteswitch',
  'grok',
  'grovemoe',
  'hunyuan-dense',
  'hunyuan-moe',
  'hunyuan_vl',
  'hy_v3',
  'internlm2',
  'jais2',
  'llada',
  'llada-moe',
  'llama',
  'llama-embed',
  'llama4',
  'maincoder',
  'mellum',
  'minicpm',
  'mistral3',
  'olmo',
  'olmo2',
  'olmoe',
  'orion',
  'paddleocr',
  'pangu-embedded',
  'plamo',
  'pockettts',
  'qwen2',
  'qwen2moe',
  'qwen2vl',
  'qwen3',
  'qwen3moe',
  'qwen3tts',
  'qwen3vl',
  'qwen3vlmoe',
  'rnd1',
  'seed_oss',
  'smallthinker',
  'smollm3',
  'starcoder2',
  'talkie',
  'xverse',
]);
/** Architectures whose keys and values may differ in size. For all others llama.cpp aborts. */
export const UNLIKE_VALUES: ReadonlySet<string> = new Set([
  'bailingmoe3',
  'deepseek2',
  'deepseek2-ocr',
  'deepseek32',
  'deepseek4',
  'dots3note',
  'glm-dsa',
  'kimi-k3',
  'kimi-linear',
  'mimo2',
  'minicpm3',
  'mistral4',
  'plm',
  'step35',
]);
/** Architectures without attention. */
const RECURRENT: ReadonlySet<string> = new Set(['arwkv7', 'mamba', 'mamba2', 'rwkv6', 'rwkv6qwen2', 'rwkv7']);
/** The largest number of a gating function in llama.cpp. */
const MAX_GATING = 4;
const ROPE_SCALINGS = ['none', 'linear', 'yarn', 'longrope'];

/** Returns an error message, or `undefined`. */
type Rule = (values: HeaderValues) => string | undefined;

/** Describes a value that is within llama.cpp's limits but makes it abort. Returns `undefined` if there is none. */
export function abortingValue(values: HeaderValues): string | undefined {
  for (const rule of [
    heads,
    headSizes,
    rotation,
    slidingHeads,
    ropeScaling,
    experts,
    expertGroups,
    gating,
    slidingPattern,
    epsilons,
    abortingInArchitecture,
  ]) {
    const wrong = rule(values);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const heads: Rule = (values) => {
  const [count] = values.numbers('attention.head_count');
  if (count === undefined) return `${values.name('attention.head_count')} is missing`;
  return count < 1 && !RECURRENT.has(values.architecture)
    ? `${values.name('attention.head_count')} is ${count}, expected at least 1`
    : undefined;
};

const headSizes: Rule = (values) => {
  const [count = 0] = values.numbers('attention.head_count');
  if (count === 0) return undefined;
  const width = values.number('embedding_length') ?? 0;
  if (!values.has('attention.key_length') && width % count !== 0)
    return `${values.name('embedding_length')} is ${width}, expected a multiple of its ${count} heads`;
  const { key, value } = headSize(values);
  if (key < 1) return `${values.name('attention.key_length')} is ${key}, expected at least 1`;
  return key !== value && !UNLIKE_VALUES.has(values.architecture)
    ? `its keys have ${key} elements a head and its values ${value}, expected as many`
    : undefined;
};

const rotation: Rule = (values) => {
  const { key } = headSize(values);
  const dimensions = values.number('rope.dimension_count');
  if (dimensions === undefined || key === 0) return undefined;
  const name = values.name('rope.dimension_count');
  if (dimensions > key) return `${name} is ${dimensions}, more than the ${key} elements of a head`;
  if (dimensions % 2 !== 0) return `${name} is ${dimensions}, expected an even number`;
  return dimensions !== key && WHOLE_ROTATION.has(values.architecture)
    ? `${name} is ${dimensions}, expected the ${key} elements of a head`
    : undefined;
};

/** Heads of layers with a sliding window may have another size. */
const slidingHeads: Rule = (values) => {
  const { key, value } = slidingHeadSize(values);
  if (key === 0) return undefined;
  if (key !== value && !UNLIKE_VALUES.has(values.architecture))
    return `the keys of its sliding layers have ${key} elements a head and the values ${value}, expected as many`;
  const dimensions = values.number('rope.dimension_count_swa') ?? 0;
  return dimensions > key || dimensions % 2 !== 0
    ? `${values.name('rope.dimension_count_swa')} is ${dimensions}, expected an even number of at most the ${key} elements of a head`
    : undefined;
};

const ropeScaling: Rule = (values) => {
  const type = values.get('rope.scaling.type');
  return typeof type === 'string' && !ROPE_SCALINGS.includes(type)
    ? `${values.name('rope.scaling.type')} is ${shown(type)}, expected ${ROPE_SCALINGS.join(', ')}`
    : undefined;
};

const experts: Rule = (values) => {
  const total = values.number('expert_count') ?? 0;
  const used = Math.max(0, ...values.numbers('expert_used_count'));
  if (total > 0 && used < 1)
    return `it has ${total} experts, but ${values.name('expert_used_count')} is ${values.has('expert_used_count') ? used : 'missing'}`;
  return used > total ? `it uses ${used} of ${total} experts` : undefined;
};

const expertGroups: Rule = (values) => {
  const total = values.number('expert_count') ?? 0;
  const groups = values.number('expert_group_count') ?? 0;
  const used = values.number('expert_group_used_count') ?? 0;
  const name = values.name('expert_group_count');
  if (groups > 0 && groups >= total) return `${name} is ${groups}, expected fewer than its ${total} experts`;
  if (groups > 1 && total % groups !== 0) return `${name} is ${groups}, expected a divisor of its ${total} experts`;
  return groups > 1 && (used < 1 || used >= groups)
    ? `${values.name('expert_group_used_count')} is ${used}, expected 1 to ${groups - 1}`
    : undefined;
};

const gating: Rule = (values) => {
  const value = values.number('expert_gating_func') ?? 0;
  return value > MAX_GATING
    ? `${values.name('expert_gating_func')} is ${value}, expected 0 to ${MAX_GATING}`
    : undefined;
};

/** The epsilon that norms add to a variance. */
const epsilons: Rule = (values) => {
  for (const key of [
    'attention.layer_norm_epsilon',
    'attention.layer_norm_rms_epsilon',
    'attention.group_norm_epsilon',
  ]) {
    const value = values.number(key) ?? 0;
    if (!(value >= 0 && value < Infinity)) return `${values.name(key)} is ${value}, expected a number of at least 0`;
  }
  return undefined;
};

/** llama.cpp requires a sliding layer in architectures that have sliding layers; of `gemma3` only with a window. */
const slidingPattern: Rule = (values) => {
  const [pattern] = values.numbers('attention.sliding_window_pattern');
  const hasWindow = (values.number('attention.sliding_window') ?? 0) > 0;
  const mustSlide =
    ['cohere2', 'gpt-oss'].includes(values.architecture) || (values.architecture === 'gemma3' && hasWindow);
  return pattern === 1 && mustSlide
    ? `${values.name('attention.sliding_window_pattern')} is 1, which makes no layer slide`
    : undefined;
};
