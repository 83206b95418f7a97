import { readFile } from 'node:fs/promises';
import { nativeKernels } from '../../../kernels/native/library.ts';

/** Returns the names of ggml's libraries for the processor that this process has loaded. Only Linux lists them. */
export async function loadedLibraries(): Promise<readonly string[]> {
  const maps = await readFile('/proc/self/maps', 'utf8').catch(() => '');
  return [...new Set(maps.match(/[\w.-]*ggml-cpu[\w-]*/g) ?? [])].sort();
}

/** Returns the variant of Chorus's own kernels in this process. */
export function ownKernels(): string {
  return `own kernels ${nativeKernels()?.variant ?? 'none'}`;
}
