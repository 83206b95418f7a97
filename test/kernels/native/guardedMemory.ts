import koffi from 'koffi';

const PAGE_BYTES = 4_096;
const [PROT_NONE, PROT_READ_WRITE] = [0, 3];
/** `MAP_PRIVATE | MAP_ANONYMOUS` of Linux. */
const MAP_PRIVATE_ANONYMOUS = 0x22;
/** What the kernels may rely on, as ggml's buffers do. */
const ALIGNMENT_BYTES = 4;

/** Memory whose pieces end where a page that can't be read begins. A read behind a piece ends the process. Linux only. */
export class GuardedMemory implements Disposable {
  readonly #libc = koffi.load('libc.so.6');
  readonly #mmap = this.#libc.func('void *mmap(void *, size_t, int, int, int, int64_t)') as never as (
    ...values: unknown[]
  ) => bigint;
  readonly #mprotect = this.#libc.func('int mprotect(void *, size_t, int)') as never as (
    ...values: unknown[]
  ) => number;
  readonly #memset = this.#libc.func('void *memset(void *, int, size_t)') as never as (...values: unknown[]) => void;
  readonly #memcpy = this.#libc.func('void *memcpy(void *, void *, size_t)') as never as (...values: unknown[]) => void;
  readonly #munmap = this.#libc.func('int munmap(void *, size_t)') as never as (...values: unknown[]) => number;
  readonly #pools = new Map<number, { readonly free: bigint[]; readonly taken: bigint[] }>();

  /** Returns the address of `sizeBytes` bytes, filled with 0xff: a value that was not written becomes a NaN. */
  take(sizeBytes: number): bigint {
    const pages = Math.ceil(sizeBytes / PAGE_BYTES);
    let pool = this.#pools.get(pages);
    if (!pool) this.#pools.set(pages, (pool = { free: [], taken: [] }));
    const start = pool.free.pop() ?? this.#map(pages);
    pool.taken.push(start);
    this.#memset(start, 0xff, pages * PAGE_BYTES);
    const padded = Math.ceil(sizeBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return start + BigInt(pages * PAGE_BYTES - padded);
  }

  copy(values: Uint8Array | Float32Array): bigint {
    const address = this.take(values.byteLength);
    this.#memcpy(address, values, values.byteLength);
    return address;
  }

  /** Makes all pieces free. */
  clear(): void {
    for (const pool of this.#pools.values()) pool.free.push(...pool.taken.splice(0));
  }

  #map(pages: number): bigint {
    const bytes = pages * PAGE_BYTES;
    const start = this.#mmap(null, bytes + PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (this.#mprotect(start + BigInt(bytes), PAGE_BYTES, PROT_NONE) !== 0) throw new Error('mprotect failed.');
    return start;
  }

  [Symbol.dispose](): void {
    this.clear();
    for (const [pages, { free }] of this.#pools)
      for (const start of free) this.#munmap(start, (pages + 1) * PAGE_BYTES);
  }
}
