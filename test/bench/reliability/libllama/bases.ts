import path from 'node:path';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { tinyVariants, writeTinyModel } from '../../../reference/tinyModels.ts';
import { rename, type Mutant } from './mutations.ts';
import { parseHeader } from './parsedHeader.ts';
import { vocabularies } from './vocabularies.ts';

const count = (value: number): GgufEntry => ({ type: 'u32', value });
/** Small enough to load thousands in a minute. */
const sizes = {
  embedding_length: count(64),
  feed_forward_length: count(96),
  'attention.head_count': count(4),
  'attention.head_count_kv': count(2),
  block_count: count(2),
  context_length: count(64),
};
const ofRotation = { 'rope.dimension_count': count(16) };
/** Further keys of architectures with recurrent blocks. */
const ofState: Readonly<Record<string, Readonly<Record<string, GgufEntry>>>> = {
  granitehybrid: { 'ssm.inner_size': count(128), 'attention.head_count_kv': { type: 'i32s', value: [0, 2] } },
  qwen35moe: { full_attention_interval: count(2) },
};
const ofExperts = { expert_feed_forward_length: count(32) };
/** Architectures whose tensors equal those of another. */
const alike: Readonly<Record<string, readonly string[]>> = {
  llama: [
    'gemma',
    'deci',
    'minicpm',
    'internlm2',
    'xverse',
    'smollm3',
    'granite',
    'exaone',
    'mistral3',
    'ernie4_5',
    'llama-embed',
    'seed_oss',
    'orion',
    'olmo',
    'dream',
    'hunyuan-dense',
    'arcee',
    'refact',
    'pangu-embedded',
    'mellum',
    'nanbeige',
    'baichuan',
    'plamo',
    'llama4',
    'gemma2',
    'gemma3',
    'exaone4',
    'olmo2',
    'jais2',
    'falcon',
  ],
  qwen2: ['qwen2vl', 'dream', 'qwen2moe'],
  qwen3: ['qwen3vl', 'gemma3', 'olmo2', 'exaone4', 'qwen35'],
  'llama+experts': ['granitemoe', 'grok', 'llama4', 'smallthinker', 'phimoe'],
  qwen3moe: ['qwen3vlmoe', 'olmoe', 'llada-moe', 'rnd1', 'grovemoe', 'qwen2moe', 'minimax-m2'],
  cohere2: ['cohere2moe'],
};

export interface Base {
  readonly name: string;
  readonly mutant: Mutant;
}

/**
 * Makes the headers for mutants: each of our architectures and those with equal tensors, with each kind of tokenizer.
 */
export async function makeBases(folder: string): Promise<readonly Base[]> {
  using device = new Device('cpu', { threads: 1 });
  const bases: Base[] = [];
  for (const [index, variant] of tinyVariants.entries()) {
    const names = Object.keys(vocabularies);
    for (const name of ['gpt2', names[1 + (index % (names.length - 1))] as string]) {
      const file = path.join(folder, 'base.gguf');
      await writeTinyModel(file, {
        variant,
        type: 'F32',
        device,
        vocabulary: vocabularies[name],
        omit: ['.bias'].filter(() => variant.startsWith('llama')),
        keys: {
          ...sizes,
          ...ofState[variant.split('+')[0] as string],
          ...(variant === 'qwen3moe' ? ofExperts : {}),
          ...(variant === 'cohere2' ? ofRotation : {}),
        },
      });
      const { metadata, tensors } = await parseHeader(file);
      const base: Base = {
        name: `${variant}, ${name}`,
        mutant: {
          entries: Object.entries(metadata),
          tensors: [...tensors],
          architecture: variant.split('+')[0] as string,
        },
      };
      bases.push(base);
      for (const other of alike[variant] ?? []) {
        const copy = copyMutant(base.mutant);
        rename(copy, other);
        bases.push({ name: `${other}, ${name}`, mutant: copy });
      }
    }
  }
  return bases;
}

/** Returns a copy of a header that can be changed independently. */
export function copyMutant({ entries, tensors, architecture }: Mutant): Mutant {
  return { entries: entries.map(([key, entry]) => [key, entry]), tensors: [...tensors], architecture };
}
