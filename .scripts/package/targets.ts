/**
 * The platforms of the VSIX packages, with the native packages of each. CPU, Vulkan and Metal are included. CUDA is an
 * add-on because its library alone is larger than the rest together.
 *
 * Some platforms have no package. For alpine-x64 and alpine-arm64 (musl) node-llama-cpp has no build. On linux-armhf 32
 * bits address too little memory for a model beside an editor. On web no process can be started.
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

/** The maximum size of a package with the model. VS Code's marketplace accepts it. */
export const MAX_VSIX_BYTES = 300e6;

/** The maximum size of a package for Open VSX. */
export const MAX_OPEN_VSX_BYTES = 256e6;

/** Platforms with a CUDA add-on. The `-ext` package contains kernels for older GPUs. */
export const CUDA_TARGETS: readonly PackageTarget[] = [
  { name: 'linux-x64', nativePackages: ['linux-x64-cuda', 'linux-x64-cuda-ext'] },
  { name: 'win32-x64', nativePackages: ['win-x64-cuda', 'win-x64-cuda-ext'] },
];

/** Returns the name of koffi's library package for a target. */
export function koffiPackageOf(target: PackageTarget): string {
  return `@koromix/koffi-${target.name}`;
}

/** The package that reads the microphone. It carries the libraries of all platforms. */
export const RECORDER_PACKAGE = '@picovoice/pvrecorder-node';

/**
 * Returns the folders of the recorder's package that a target needs. For Linux on ARM it only has libraries for the
 * Raspberry Pi's processors.
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

/** Returns the target of this machine. Throws if there is none. */
export function hostTarget(): PackageTarget {
  return targetNamed(`${process.platform}-${process.arch}`);
}

/** Returns the target called `name`. Throws an error with all names if there is none. */
export function targetNamed(name: string): PackageTarget {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target) return target;
  throw new Error(
    `There is no package for ${name}. Targets: ${TARGETS.map((candidate) => candidate.name).join(', ')}.`,
  );
}
