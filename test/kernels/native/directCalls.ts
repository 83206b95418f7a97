import koffi from 'koffi';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtLibraries } from '../../../kernels/native/builtLibraries.ts';
import { openLibrary, type LoadedKernels } from '../../../kernels/native/library.ts';
import type { GuardedMemory } from './guardedMemory.ts';

/** The library of this platform, or `undefined` if there is none. */
export const built = builtLibraries[`${process.platform}-${process.arch}`];
export const libraryPath = fileURLToPath(
  new URL(`../../../kernels/native/built/${built?.file ?? 'none'}`, import.meta.url),
);

/** The variants of the library for x64. */
export const VARIANTS = ['avx2', 'avxvnni', 'avx512'] as const;

/** Opens the library with a variant. The variant counts for the whole process. */
export function openVariant(variant: string): LoadedKernels {
  return openLibrary(libraryPath, { sha256: built?.sha256 ?? '', variant });
}

export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** The size of `struct ggml_tensor`, and the places of its fields. */
const TENSOR_BYTES = 336;
const FIELDS = { extents: 16, strides: 48, sources: 152, data: 248 };

/** The node of a graph, as the kernels read it. */
function node(
  data: bigint,
  extents: readonly number[],
  strides: readonly number[],
  sources: readonly Buffer[] = [],
): Buffer {
  const bytes = Buffer.alloc(TENSOR_BYTES);
  for (let dimension = 0; dimension < 4; dimension++) {
    bytes.writeBigInt64LE(BigInt(extents[dimension] ?? 1), FIELDS.extents + 8 * dimension);
    bytes.writeBigUInt64LE(BigInt(strides[dimension] ?? 0), FIELDS.strides + 8 * dimension);
  }
  for (const [index, source] of sources.entries())
    bytes.writeBigUInt64LE(koffi.address(source), FIELDS.sources + 8 * index);
  bytes.writeBigUInt64LE(data, FIELDS.data);
  return bytes;
}

export interface ProductCase {
  readonly type: number;
  readonly columns: number;
  readonly rows: number;
  readonly tokens: number;
  /** The matrix in ggml's layout. */
  readonly weights: Uint8Array;
  /** `[tokens][columns]` */
  readonly input: Float32Array;
  readonly bias?: Float32Array;
  /** `up[rank][rows]`, `inner[tokens][rank]` */
  readonly factors?: {
    readonly rank: number;
    readonly factor: number;
    readonly up: Float32Array;
    readonly inner: Float32Array;
  };
  readonly threads: number;
}

/** Calls the functions of the library without ggml, with each memory ending at a guard page. */
export class DirectCalls {
  readonly #library = koffi.load(libraryPath);
  readonly #packedBytes = this.#library.func('int64_t chorus_packed_bytes(int, int64_t, int64_t)') as never as Numbers;
  readonly #activationBytes = this.#library.func(
    'int64_t chorus_activation_bytes(int64_t, int64_t)',
  ) as never as Numbers;
  readonly #rounding = this.#library.func('int chorus_rounding(int)') as never as Numbers;
  readonly #pack = this.#library.func('void chorus_pack(void *, int, int, void *)') as never as Call;
  readonly #quantise = this.#library.func('void chorus_quantise(void *, int, int, void *)') as never as Call;
  readonly #product = this.#library.func('void chorus_product(void *, int, int, void *)') as never as Call;

  constructor(private readonly memory: GuardedMemory) {}

  /** The product, `[tokens][rows]`. */
  run({ type, columns, rows, tokens, weights, input, bias, factors, threads }: ProductCase): Float32Array {
    this.memory.clear();
    const packed = this.memory.take(this.#packedBytes(type, columns, rows));
    const packing = Buffer.alloc(40);
    [BigInt(type), BigInt(columns), BigInt(rows), this.memory.copy(weights), packed].forEach((value, index) =>
      packing.writeBigUInt64LE(value, 8 * index),
    );
    for (let thread = 0; thread < threads; thread++) this.#pack(null, thread, threads, packing);
    const x = node(this.memory.copy(input), [columns, tokens], [4, 4 * columns]);
    const rounded = node(this.memory.take(this.#activationBytes(columns, tokens)), [1], [1], [x]);
    const kind = Buffer.alloc(4);
    kind.writeInt32LE(this.#rounding(type));
    for (let thread = 0; thread < threads; thread++) this.#quantise(rounded, thread, threads, kind);
    const sources = [node(packed, [1], [1]), rounded];
    const options = Buffer.alloc(40);
    options.writeInt32LE(type, 0);
    if (bias) options.writeInt32LE(sources.push(node(this.memory.copy(bias), [rows], [4])) - 1, 4);
    if (factors) {
      const { rank, up, inner, factor } = factors;
      const nodes = [
        node(this.memory.copy(inner), [rank, tokens], [4, 4 * rank]),
        node(this.memory.copy(up), [rows, rank], [4, 4 * rows]),
      ];
      options.writeInt32LE(sources.push(...nodes) - 2, 8);
      options.writeFloatLE(factor, 12);
    }
    options.writeBigInt64LE(BigInt(columns), 16);
    options.writeBigInt64LE(BigInt(rows), 24);
    const result = this.memory.take(4 * rows * tokens);
    const product = node(result, [rows, tokens], [4, 4 * rows], sources);
    for (let thread = 0; thread < threads; thread++) this.#product(product, thread, threads, options);
    return Float32Array.from(koffi.decode(result, 'float', rows * tokens) as number[]);
  }
}

type Numbers = (...values: number[]) => number;
type Call = (...values: unknown[]) => void;
