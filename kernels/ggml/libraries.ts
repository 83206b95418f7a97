import koffi from 'koffi';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bindGgml, type GgmlFunctions } from './bindings.ts';
import { DeviceError } from './errors.ts';

/** The builds of node-llama-cpp's prebuilt libraries. Every build also runs on the CPU. */
export type LibraryBuild = 'cpu' | 'cuda' | 'vulkan' | 'metal';

const require = createRequire(import.meta.url);

/** The name of node-llama-cpp's package for a build on this platform, or `undefined` if there is none. */
function packageOf(build: LibraryBuild, platform = process.platform, arch = process.arch): string | undefined {
  const system = platform === 'darwin' ? 'mac' : platform === 'win32' ? 'win' : platform;
  if (system === 'mac')
    return build === 'cpu' && arch === 'x64'
      ? 'mac-x64'
      : arch === 'arm64' && build !== 'cuda' && build !== 'vulkan'
        ? 'mac-arm64-metal'
        : undefined;
  if (build === 'metal') return undefined;
  return build === 'cpu' ? `${system}-${arch}` : arch === 'x64' ? `${system}-${arch}-${build}` : undefined;
}

/** Folders with packages outside any `node_modules`. */
const packageRoots = new Set<string>();

/**
 * Adds a folder that `libraryFolder` searches before all `node_modules`. Each package lies there in a folder of its
 * name.
 */
export function addPackageRoot(root: string): void {
  packageRoots.add(root);
}

/** The folder with the libraries of a build. Throws `DeviceError` if its package is not installed. */
export function libraryFolder(build: LibraryBuild): string {
  const name = packageOf(build);
  if (!name) throw new DeviceError(`There is no ${build} build of ggml for ${process.platform}-${process.arch}.`);
  const roots = [
    ...packageRoots,
    ...(require.resolve.paths('node-llama-cpp') ?? []).map((root) => path.join(root, '@node-llama-cpp')),
  ];
  const folder = roots.map((root) => path.join(root, name, 'bins', name)).find((candidate) => existsSync(candidate));
  if (!folder) throw new DeviceError(`The package @node-llama-cpp/${name} is not installed.`);
  return folder;
}

interface LoadedGgml {
  readonly build: LibraryBuild;
  readonly folder: string;
  readonly functions: GgmlFunctions;
  /** Calls `ggml_init`, which takes its parameters by value. The table of plain signatures does not cover that. */
  readonly createContext: (sizeBytes: number) => bigint;
  /** The native function `bool ggml_get_no_alloc(context)`, which `Interruption` uses. */
  readonly abortQuestion: bigint;
}

let loaded: LoadedGgml | undefined;

/** The loaded build, or the processor's, for functions that every build has. */
export const anyBuild = (): LibraryBuild => loaded?.build ?? 'cpu';

/**
 * Loads ggml, once per process. Refuses a second build in a process, since both would register the same devices. Throws
 * `DeviceError` with the system's reason.
 */
export function loadGgml(build: LibraryBuild): LoadedGgml {
  if (loaded) {
    if (loaded.build === build) return loaded;
    throw new DeviceError(
      `ggml is loaded as its ${loaded.build} build; the ${build} build needs a process of its own.`,
    );
  }
  const folder = libraryFolder(build);
  const files = readdirSync(folder);
  const find = (pattern: RegExp): string => {
    const file = files.find((name) => pattern.test(name));
    if (!file) throw new DeviceError(`${folder} holds no library that matches ${pattern.source}.`);
    return path.join(folder, file);
  };
  try {
    const base = koffi.load(find(/^(lib)?ggml-base\.(so|dylib|dll)$/));
    const registry = koffi.load(find(/^(lib)?ggml(\.\w+)?(\.v[\d.]+)?\.(so|dylib|dll)$/));
    const functions = bindGgml(base, registry);
    const initParams = koffi.struct({ mem_size: 'size_t', mem_buffer: 'void *', no_alloc: 'bool' });
    const init = base.func('ggml_init', 'void *', [initParams]) as unknown as (params: object) => bigint;
    // node-llama-cpp may have loaded the same libraries in this process. Loading twice would list every device twice.
    if (functions.ggml_backend_dev_count() === 0) functions.ggml_backend_load_all_from_path(folder);
    loaded = {
      build,
      folder,
      functions,
      createContext: (sizeBytes) => init({ mem_size: sizeBytes, mem_buffer: null, no_alloc: true }),
      abortQuestion: koffi.address(base.symbol('ggml_get_no_alloc')),
    };
    return loaded;
  } catch (error) {
    if (error instanceof DeviceError) throw error;
    throw new DeviceError(`The ${build} build of ggml could not be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
