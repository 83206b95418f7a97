import { readFile } from 'node:fs/promises';
import os from 'node:os';

/** The processor of a measurement. */
export interface Processor {
  readonly name: string;
  /** The sets of instructions for products of matrices that it has. */
  readonly instructions: readonly string[];
}

/** The names of sets of instructions, by Linux's flags. */
const SETS: Readonly<Record<string, string>> = {
  avx2: 'AVX2',
  avx_vnni: 'AVX-VNNI',
  avx512f: 'AVX-512',
  avx512_vnni: 'AVX-512 VNNI',
  avx512_bf16: 'AVX-512 BF16',
  amx_int8: 'AMX INT8',
  amx_bf16: 'AMX BF16',
};

/** Reads the processor of this machine. Only Linux lists its sets of instructions. */
export async function readProcessor(): Promise<Processor> {
  return processorOf(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
}

/** Returns the processor that a text in the form of `/proc/cpuinfo` describes. */
export function processorOf(cpuinfo: string): Processor {
  const field = (name: string): string | undefined => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(cpuinfo)?.[1]?.trim();
  const flags = new Set(field('flags')?.split(' '));
  const family = field('cpu family');
  const name = field('model name') ?? os.cpus()[0]?.model ?? 'unknown processor';
  return {
    // Virtual machines hide the name of the model.
    name: family === undefined ? name : `${name}, family ${family}, model ${field('model')}`,
    instructions: Object.entries(SETS).flatMap(([flag, set]) => (flags.has(flag) ? [set] : [])),
  };
}
