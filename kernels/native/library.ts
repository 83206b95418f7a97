/**
 * Loads the library of our own kernels. Without it, or on a processor that it has no variant for, ggml multiplies all
 * matrices.
 */
import koffi from 'koffi';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Pointer } from '../ggml/bindings.ts';
import { builtLibraries } from './builtLibraries.ts';

/** The version that `source/dispatch.c` must have. */
const VERSION = 3;

/** The variants of the kernels, or `none`: ggml multiplies. The environment may name one, to compare them. */
const VARIANT_VARIABLE = 'CHORUS_KERNELS';

/** The functions of the library, and the operations for nodes of graphs. */
export interface NativeKernels {
  readonly variant: string;
  /** The bytes of a packed matrix, or 0 if the type (ggml's number) or shape is not packed. */
  packedBytes(type: number, columns: number, rows: number): number;
  activationBytes(columns: number, tokens: number): number;
  /** How inputs are rounded for a matrix of a type (ggml's number). */
  rounding(type: number): number;
  readonly operations: Readonly<Record<'pack' | 'quantise' | 'product', Pointer>>;
}

/**
 * The kernels of this process, or the reason why there are none, as one line. It is a fault if they should be there.
 */
export type LoadedKernels = NativeKernels | { readonly missing: string; readonly isFault: boolean };

const absent = (missing: string): LoadedKernels => ({ missing, isFault: false });
const fault = (missing: string): LoadedKernels => ({ missing, isFault: true });

let loaded: LoadedKernels | undefined;

/** Loads the kernels once. Never throws. */
export function loadNativeKernels(): LoadedKernels {
  return (loaded ??= open());
}

/** The kernels, if this machine runs them. */
export function nativeKernels(): NativeKernels | undefined {
  const kernels = loadNativeKernels();
  return 'missing' in kernels ? undefined : kernels;
}

/** Uses other kernels from now on, or none; for tests and benches. Matrices that are packed keep theirs. */
export function useNativeKernels(kernels: LoadedKernels | undefined): void {
  loaded = kernels;
}

function open(): LoadedKernels {
  const wanted = process.env[VARIANT_VARIABLE] ?? '';
  if (wanted === 'none') return absent(`${VARIANT_VARIABLE} is none.`);
  const platform = `${process.platform}-${process.arch}`;
  const built = builtLibraries[platform];
  if (!built) return absent(`There are no kernels for ${platform}.`);
  const file = libraryFile(built.file);
  if (file === undefined) return fault(`The file ${built.file} is missing. Install Chorus again.`);
  return openLibrary(file, { sha256: built.sha256, variant: wanted });
}

/** The file beside a bundle, or that of the sources. */
function libraryFile(name: string): string | undefined {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return [path.join(here, 'kernels', name), path.join(here, 'built', name)].find((file) => existsSync(file));
}

/** Opens a library. A damaged or foreign file is not loaded, since its code could end the process. Never throws. */
export function openLibrary(file: string, expected: { sha256: string; variant: string }): LoadedKernels {
  const name = path.basename(file);
  try {
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (sha256 !== expected.sha256)
      return fault(`${name} is damaged: its SHA-256 is ${sha256}, expected ${expected.sha256}. Install Chorus again.`);
    const library = koffi.load(file);
    const version = library.func('int chorus_version()')() as number;
    if (version !== VERSION) return fault(`${name} has version ${version}, expected ${VERSION}. Install Chorus again.`);
    const variant = library.func('const char *chorus_choose_variant(const char *name)')(expected.variant) as string;
    if (variant === '') return absent(`This processor does not run ${expected.variant || 'any variant'} of ${name}.`);
    return bind(library, variant);
  } catch (error) {
    return fault(`${name} could not be loaded: ${(error as Error).message}`);
  }
}

function bind(library: ReturnType<typeof koffi.load>, variant: string): NativeKernels {
  return {
    variant,
    packedBytes: library.func('int64_t chorus_packed_bytes(int type, int64_t columns, int64_t rows)') as never,
    activationBytes: library.func('int64_t chorus_activation_bytes(int64_t columns, int64_t tokens)') as never,
    rounding: library.func('int chorus_rounding(int type)') as never,
    operations: {
      pack: koffi.address(library.symbol('chorus_pack')),
      quantise: koffi.address(library.symbol('chorus_quantise')),
      product: koffi.address(library.symbol('chorus_product')),
    },
  };
}
