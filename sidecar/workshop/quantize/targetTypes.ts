import { tensorTypes } from '../../../kernels/ggml/types.ts';

/** The version of ggml's block layouts (ggml.h, `GGML_QNT_VERSION`). */
export const QUANTIZATION_VERSION = 2;

/** The types of model files, with llama.cpp's number for a file mostly of that type (llama.h, `enum llama_ftype`). */
export const targetTypes = {
  F32: 0,
  F16: 1,
  BF16: 32,
  Q8_0: 7,
  Q6_K: 18,
  Q5_K: 16,
  Q5_1: 9,
  Q5_0: 8,
  Q4_K: 14,
  Q4_1: 3,
  Q4_0: 2,
  IQ4_NL: 25,
  IQ4_XS: 30,
  Q3_K: 11,
  IQ3_S: 26,
} as const;

export type TargetType = keyof typeof targetTypes;

/** Given instead of a type: a matrix keeps its type. */
export const KEEP = 'keep';
export type WantedType = TargetType | typeof KEEP;
export const wantedTypes: readonly WantedType[] = [...(Object.keys(targetTypes) as TargetType[]), KEEP];

/**
 * Types with blocks of 32 for rows that are not whole blocks of 256, with about as many bits. llama.cpp chooses the
 * same.
 */
const smallerBlocks: Partial<Readonly<Record<TargetType, TargetType>>> = {
  Q6_K: 'Q8_0',
  Q5_K: 'Q5_1',
  Q4_K: 'Q5_0',
  IQ4_XS: 'IQ4_NL',
  Q3_K: 'IQ4_NL',
  IQ3_S: 'IQ4_NL',
};

/** Finds a type by its name in any case. Returns `undefined` if no model is written in it. */
function targetTypeOf(name: string): TargetType | undefined {
  const upper = name.toUpperCase();
  return upper in targetTypes ? (upper as TargetType) : undefined;
}

/** Like `targetTypeOf`, but also accepts `keep`. */
export function wantedTypeOf(name: string): WantedType | undefined {
  return name.toLowerCase() === KEEP ? KEEP : targetTypeOf(name);
}

/**
 * The type for rows of `columns` values: the wanted type if they are whole blocks of it, or else a type with smaller
 * blocks, or else float16.
 */
export function fittingType(wanted: TargetType, columns: number): TargetType {
  const fits = (type: TargetType | undefined): type is TargetType =>
    type !== undefined && columns % tensorTypes[type].blockElements === 0;
  return [wanted, smallerBlocks[wanted]].find(fits) ?? 'F16';
}
