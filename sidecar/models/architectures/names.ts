/**
 * `general.architecture` of the models that Chorus's own engine runs: the keys of `architectures`, for code that must
 * not load kernels.
 */
export const CHORUS_ARCHITECTURES: readonly string[] = [
  'chorus',
  'cohere2',
  'command-r',
  'gemma3',
  'glm4moe',
  'gpt-oss',
  'granite',
  'granitehybrid',
  'llama',
  'mistral3',
  'qwen2',
  'qwen3',
  'qwen35',
  'qwen35moe',
  'qwen3moe',
  'starcoder2',
];
