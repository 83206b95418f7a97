import koffi from 'koffi';
import type { GgmlFunctions, Pointer } from './bindings.ts';

/** `MADV_HUGEPAGE` of Linux. */
const MADV_HUGEPAGE = 14;
const HUGE_PAGE_BYTES = 2 ** 21;

let madvise: ((address: bigint, sizeBytes: number, advice: number) => number) | undefined;

/**
 * Asks Linux for huge pages below a buffer of the processor's memory that nothing was written to yet. Who streams
 * gigabytes of weights for each token waits for the address of every 4 KiB otherwise. Where there are none, or another
 * system decides by itself, nothing happens.
 */
export function adviseHugePages(functions: GgmlFunctions, buffer: Pointer): void {
  const sizeBytes = functions.ggml_backend_buffer_get_size(buffer);
  if (process.platform !== 'linux' || sizeBytes < 2 * HUGE_PAGE_BYTES) return;
  madvise ??= koffi
    .load('libc.so.6')
    .func('madvise', 'int', ['uintptr_t', 'size_t', 'int']) as unknown as typeof madvise;
  const base = functions.ggml_backend_buffer_get_base(buffer);
  const pageBytes = BigInt(HUGE_PAGE_BYTES);
  // What of the buffer lies in whole pages.
  const start = ((base + pageBytes - 1n) / pageBytes) * pageBytes;
  const end = ((base + BigInt(sizeBytes)) / pageBytes) * pageBytes;
  madvise?.(start, Number(end - start), MADV_HUGEPAGE);
}
