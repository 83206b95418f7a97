/** The engines that can be compared, by their names in arguments. */
export const ENGINES = {
  chorus: { engine: 'chorus', title: 'chorus', isUsual: true },
  'chorus-ggml': { engine: 'chorus', title: "chorus with ggml's kernels", isUsual: false },
  libllama: { engine: 'libllama', title: 'libllama', isUsual: true },
  'libllama-plain': { engine: 'libllama', title: 'libllama without flash attention', isUsual: false },
  ik: { engine: 'ik', title: 'ik_llama.cpp', isUsual: true },
} as const;
export type EngineName = keyof typeof ENGINES;
export const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

/** The instructions that the engines may use. */
export const VARIANTS = {
  best: 'all instructions',
  avx2: 'AVX2 alone',
} as const;
export type Variant = keyof typeof VARIANTS;
export const VARIANT_NAMES = Object.keys(VARIANTS) as Variant[];

/** The variable that chooses Chorus's own kernels: `avx2`, `avxvnni`, `avx512` or `none`. Unset: the best ones. */
const KERNELS = 'CHORUS_KERNELS';

/** Returns the environment of Chorus's process. */
export function chorusEnvironment(name: 'chorus' | 'chorus-ggml', variant: Variant): NodeJS.ProcessEnv {
  if (name === 'chorus-ggml') return { [KERNELS]: 'none' };
  return variant === 'avx2' ? { [KERNELS]: 'avx2' } : {};
}
