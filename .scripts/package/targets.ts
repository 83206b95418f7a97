/**
 * The platforms that a VSIX is made for, and the native packages that each one carries. CPU, Vulkan and Metal are
 * inside; CUDA is an add-on because its library alone is larger than the rest together. Left out: alpine-x64 and
 * alpine-arm64 (node-llama-cpp has no build for musl), linux-armhf (32 bits address too little memory for a model
 * beside an editor) and web (no process can be started there).
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

/** A package is no larger. VS Code's marketplace takes it; Open VSX takes 256 MB. */
export const MAX_VSIX_BYTES = 300e6;

/** Platforms for which a CUDA add-on exists. The `-ext` package holds kernels for older GPUs. */
export const CUDA_TARGETS: readonly PackageTarget[] = [
  { name: 'linux-x64', nativePackages: ['linux-x64-cuda', 'linux-x64-cuda-ext'] },
  { name: 'win32-x64', nativePackages: ['win-x64-cuda', 'win-x64-cuda-ext'] },
];

/** koffi's package with its library for a target. */
export function koffiPackageOf(target: PackageTarget): string {
  return `@koromix/koffi-${target.name}`;
}

/** The package that reads the microphone. It carries the libraries of all platforms. */
export const RECORDER_PACKAGE = '@picovoice/pvrecorder-node';

/**
 * Folders in the recorder's package with what a target needs. On Linux on ARM it has libraries for the Raspberry Pi's
 * processors alone.
 */
export function recorderFoldersOf(target: PackageTarget): readonly string[] {
  const folders: Readonly<Record<string, readonly string[]>> = {
    'linux-x64': ['lib/linux/x86_64'],
    'linux-arm64': [
      'lib/raspberry-pi/cortex-a53-aarch64',
      'lib/raspberry-pi/cortex-a72-aarch64',
      'lib/raspberry-pi/cortex-a76-aarch64',
    ],
    'darwin-arm64': ['lib/mac/arm64'],
    'darwin-x64': ['lib/mac/x86_64'],
    'win32-x64': ['lib/windows/amd64'],
    'win32-arm64': ['lib/windows/arm64'],
  };
  return folders[target.name] ?? [];
}

/** The target of the machine that runs this. Throws where there is none. */
export function hostTarget(): PackageTarget {
  return targetNamed(`${process.platform}-${process.arch}`);
}

/** Throws with the list of names where `name` is none of them. */
export function targetNamed(name: string): PackageTarget {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target) return target;
  throw new Error(
    `There is no package for ${name}. Targets: ${TARGETS.map((candidate) => candidate.name).join(', ')}.`,
  );
}
