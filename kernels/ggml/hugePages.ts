import koffi from 'koffi';
import type { GgmlFunctions, Pointer } from './bindings.ts';

/** Linux's `MADV_HUGEPAGE`. */
const MADV_HUGEPAGE = 14;
const HUGE_PAGE_BYTES = 2 ** 21;

let madvise: ((address: bigint, sizeBytes: number, advice: number) => number) | undefined;

/**
 * Asks Linux for huge pages for a processor buffer that was not written to yet. Each token reads gigabytes of weights,
 * and would otherwise wait for an address lookup every 4 KiB. Does nothing on other systems or without huge pages.
 */
export function adviseHugePages(functions: GgmlFunctions, buffer: Pointer): void {
  const sizeBytes = functions.ggml_backend_buffer_get_size(buffer);
  if (process.platform !== 'linux' || sizeBytes < 2 * HUGE_PAGE_BYTES) return;
  madvise ??= koffi
    .load('libc.so.6')
    .func('madvise', 'int', ['uintptr_t', 'size_t', 'int']) as unknown as typeof madvise;
  const base = functions.ggml_backend_buffer_get_base(buffer);
  const pageBytes = BigInt(HUGE_PAGE_BYTES);
  // The part of the buffer that consists of whole pages.
  const start = ((base + pageBytes - 1n) / pageBytes) * pageBytes;
  const end = ((base + BigInt(sizeBytes)) / pageBytes) * pageBytes;
  madvise?.(start, Number(end - start), MADV_HUGEPAGE);
}
