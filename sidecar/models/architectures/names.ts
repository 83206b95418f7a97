/**
 * `general.architecture` of what Chorus's own graphs run, for those who must not load them: the keys of
 * `architectures`.
 */
export const CHORUS_ARCHITECTURES: readonly string[] = [
  'chorus',
  'cohere2',
  'command-r',
  'llama',
  'qwen2',
  'qwen3',
  'qwen3moe',
  'starcoder2',
];
