/**
 * The platforms that a VSIX is made for, and the native packages that each one carries. CPU, Vulkan and Metal are inside; CUDA is an add-on
 * because its library alone is larger than the rest together. Left out: alpine-x64 and alpine-arm64 (node-llama-cpp has no build for musl),
 * linux-armhf (32 bits address too little memory for a model beside an editor) and web (no process can be started there).
 */
export interface PackageTarget {
  /** VS Code's name of the platform. */
  readonly name: string;
  readonly nativePackages: readonly string[];
}

export const TARGETS: readonly PackageTarget[] = [
  { name: 'linux-x64', nativePackages: ['linux-x64', 'linux-x64-vulkan'] },
  { name: 'linux-arm64', nativePackages: ['linux-arm64'] },
  { name: 'darwin-arm64', nativePackages: ['mac-arm64-metal'] },
  { name: 'darwin-x64', nativePackages: ['mac-x64'] },
  { name: 'win32-x64', nativePackages: ['win-x64', 'win-x64-vulkan'] },
  { name: 'win32-arm64', nativePackages: ['win-arm64'] },
];

/** Platforms for which a CUDA add-on exists. The `-ext` package holds kernels for older GPUs. */
export const CUDA_TARGETS: readonly PackageTarget[] = [
  { name: 'linux-x64', nativePackages: ['linux-x64-cuda', 'linux-x64-cuda-ext'] },
  { name: 'win32-x64', nativePackages: ['win-x64-cuda', 'win-x64-cuda-ext'] },
];

/** koffi's package with its library for a target. */
export function koffiPackageOf(target: PackageTarget): string {
  return `@koromix/koffi-${target.name}`;
}

/** The target of the machine that runs this. Throws where there is none. */
export function hostTarget(): PackageTarget {
  return targetNamed(`${process.platform}-${process.arch}`);
}

/** Throws with the list of names where `name` is none of them. */
export function targetNamed(name: string): PackageTarget {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target) return target;
  throw new Error(`There is no package for ${name}. Targets: ${TARGETS.map((candidate) => candidate.name).join(', ')}.`);
}
