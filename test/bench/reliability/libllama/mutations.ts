import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import type { TensorEntry } from '../../../../sidecar/models/gguf/headerBytes.ts';
import { TENSOR_TYPES } from '../../../../sidecar/models/gguf/tensorTypes.ts';
import type { Random } from '../fuzz/random.ts';
import { architectureKeys, architectureNames, otherKeys, preTokenizers, tensorNames } from './knownNames.ts';

/** A header that mutations change in place. */
export interface Mutant {
  readonly entries: [key: string, entry: GgufEntry][];
  readonly tensors: TensorEntry[];
  architecture: string;
}

/** Changes a header in one way and returns a description. */
type Mutation = (mutant: Mutant, random: Random) => string;

const COUNTS = [
  0,
  1,
  2,
  3,
  4,
  5,
  7,
  8,
  16,
  24,
  31,
  32,
  33,
  63,
  64,
  65,
  96,
  127,
  128,
  255,
  256,
  320,
  511,
  512,
  513,
  1_024,
  65_535,
  65_536,
  1 << 20,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-30, 1e30, 3.4e38, -3.4e38, NaN, Infinity, -Infinity, 1e-5, 10_000];
const TEXTS = [
  '',
  ' ',
  'none',
  'linear',
  'yarn',
  'longrope',
  'llama',
  'gpt2',
  'bert',
  't5',
  'rwkv',
  'plamo2',
  'gemma4',
  'hybriddna',
  'whitespace',
  'no_vocab',
  'default',
  'silu',
  'gelu',
  'model',
  '\0',
  'a\0b',
  'x'.repeat(300),
  '�',
  'NORMAL',
  '{{ 1 }}',
];
const KEY_CHANGES: readonly ((key: string) => string)[] = [
  (key) => `\0${key}`,
  (key) => `${key}\0`,
  (key) => `${key}\0x`,
  (key) => `${key.slice(0, -1)}\0`,
  (key) => key.slice(1),
  (key) => key.slice(0, -1),
  (key) => `${key}x`,
  (key) => key.toUpperCase(),
  () => '',
  () => '\0',
  () => ' ',
];

const mutations: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [3, removeKey],
  [8, changeValue],
  [8, addKey],
  [1, renameKey],
  [2, changeType],
  [4, changeArray],
  [2, renameArchitecture],
  [2, changeTokenizer],
  [3, changeTensor],
  [1, removeTensor],
  [1, addTensor],
  [1, swapEntries],
];
const drawn = mutations.flatMap(([weight, mutation]) => Array.from({ length: weight }, () => mutation));

/** Changes a header in one to four ways. */
export function mutate(mutant: Mutant, random: Random): readonly string[] {
  return Array.from({ length: 1 + random.below(random.once(3) ? 4 : 2) }, () => random.of(drawn)(mutant, random));
}

function removeKey({ entries }: Mutant, random: Random): string {
  const [removed] = entries.splice(random.below(entries.length), 1);
  return `without ${String(removed?.[0])}`;
}

function changeValue(mutant: Mutant, random: Random): string {
  const scalars = mutant.entries.filter(([, { type }]) => !type.endsWith('s'));
  if (scalars.length === 0) return 'nothing';
  const chosen = random.of(scalars);
  chosen[1] = scalar(chosen[1].type, random);
  return `${chosen[0]} = ${shown(chosen[1])}`;
}

/** Adds a key that llama.cpp reads, with a possible type. */
function addKey(mutant: Mutant, random: Random): string {
  const name = random.once(4) ? random.of(otherKeys) : `${mutant.architecture}.${random.of(architectureKeys)}`;
  const entry = random.once(5)
    ? list(random.of(['u32s', 'i32s', 'f32s', 'bools', 'strings']), random.of([0, 1, 2, 3, 4, 512, 513, 1_025]), random)
    : scalar(likelyType(name, random), random);
  const found = mutant.entries.find(([key]) => key === name);
  if (found) found[1] = entry;
  else mutant.entries.push([name, entry]);
  return `${name} = ${shown(entry)}`;
}

function renameKey({ entries }: Mutant, random: Random): string {
  const chosen = random.of(entries);
  const before = chosen[0];
  chosen[0] = random.of(KEY_CHANGES)(before);
  return `${before} is ${JSON.stringify(chosen[0])}`;
}

function changeType({ entries }: Mutant, random: Random): string {
  const chosen = random.of(entries);
  chosen[1] = random.once(3)
    ? list(random.of(['u32s', 'i32s', 'f32s', 'u8s', 'strings']), random.below(6), random)
    : scalar(random.of(['u8', 'i8', 'u16', 'i32', 'u64', 'i64', 'f32', 'f64', 'bool', 'string']), random);
  return `${chosen[0]} = ${shown(chosen[1])}`;
}

function changeArray({ entries }: Mutant, random: Random): string {
  const arrays = entries.filter(([, { type }]) => type.endsWith('s'));
  if (arrays.length === 0) return 'nothing';
  const chosen = random.of(arrays);
  const { type, value } = chosen[1] as { type: string; value: readonly (string | number)[] };
  const values = [...value];
  const at = random.below(values.length);
  const how = random.of(['repeat', 'change', 'shorten', 'lengthen', 'cut', 'all'] as const);
  const element = scalar(type.slice(0, -1) as GgufEntry['type'], random) as { value: string | number };
  if (how === 'repeat') values[at] = values[random.below(values.length)] ?? element.value;
  else if (how === 'change') values[at] = element.value;
  else if (how === 'shorten') values.pop();
  else if (how === 'lengthen') values.push(element.value);
  else if (how === 'cut') values.length = at;
  else values.fill(element.value);
  chosen[1] = { type, value: values } as GgufEntry;
  return `${chosen[0]}: ${how} at ${at} of ${value.length} (${shown(element as GgufEntry)})`;
}

/** Renames the architecture in all its keys, so that another network is built with the same sizes. */
function renameArchitecture(mutant: Mutant, random: Random): string {
  rename(mutant, random.of(architectureNames));
  return `the architecture is ${mutant.architecture}`;
}

/** Changes a header's architecture, including its keys. */
export function rename(mutant: Mutant, name: string): void {
  for (const entry of mutant.entries) {
    if (entry[0].startsWith(`${mutant.architecture}.`))
      entry[0] = `${name}${entry[0].slice(mutant.architecture.length)}`;
    else if (entry[0] === 'general.architecture') entry[1] = { type: 'string', value: name };
  }
  mutant.architecture = name;
}

function changeTokenizer(mutant: Mutant, random: Random): string {
  const [key, value] = random.once(2)
    ? (['tokenizer.ggml.pre', random.of(preTokenizers)] as const)
    : (['tokenizer.ggml.model', random.of(TEXTS)] as const);
  const found = mutant.entries.find(([name]) => name === key);
  if (found) found[1] = { type: 'string', value };
  else mutant.entries.push([key, { type: 'string', value }]);
  return `${key} = ${JSON.stringify(value)}`;
}

function changeTensor(mutant: Mutant, random: Random): string {
  const at = random.below(mutant.tensors.length);
  const tensor = mutant.tensors[at];
  if (!tensor) return 'nothing';
  const how = random.of(['type', 'extent', 'turn', 'flatten', 'deepen', 'name'] as const);
  const { shape, type, name } = tensor;
  const dimension = random.below(shape.length);
  const changed = {
    type: { type: random.of([...TENSOR_TYPES.keys()]) },
    extent: {
      shape: shape.map((extent, index) => (index === dimension ? Math.min(random.of(COUNTS), 1_024) : extent)),
    },
    turn: { shape: [...shape].reverse() },
    flatten: { shape: [shape.reduce((product, extent) => product * extent, 1)] },
    deepen: { shape: [...shape, 1, 1].slice(0, 4) },
    name: { name: random.of(tensorNames) },
  }[how];
  mutant.tensors[at] = { ...tensor, ...changed };
  return `${name}: ${how}, [${shape.join(', ')}] of type ${type}, ${JSON.stringify(changed)}`;
}

function removeTensor({ tensors }: Mutant, random: Random): string {
  const [removed] = tensors.splice(random.below(tensors.length), 1);
  return `without ${String(removed?.name)}`;
}

function addTensor({ tensors }: Mutant, random: Random): string {
  const like = random.of(tensors.length > 0 ? tensors : [{ name: '', shape: [32], type: 0, offset: 0 }]);
  const name = `${random.of(tensorNames)}${random.of(['.weight', '.bias', '', '.scale'])}`;
  tensors.push({ ...like, name });
  return `with ${name} like ${like.name}`;
}

function swapEntries({ entries }: Mutant, random: Random): string {
  const [first, second] = [random.of(entries), random.of(entries)];
  [first[1], second[1]] = [second[1], first[1]];
  return `${first[0]} and ${second[0]} exchanged`;
}

function likelyType(name: string, random: Random): GgufEntry['type'] {
  if (random.once(12)) return random.of(['u8', 'u64', 'i32', 'string', 'bool', 'f32', 'u32']);
  if (/(type|\.model|\.pre|name|template|activation|layout|\.json)$/.test(name)) return 'string';
  if (/(add_|causal|finetuned|norm_before|skip_|use_|_norm$|safe_gate|lowercase|accents|whitespaces|swin)/.test(name))
    return 'bool';
  if (/(epsilon|scale|factor|base|beta|alpha|softcapping|clamp|lower_bound|bias|gain)/.test(name)) return 'f32';
  return 'u32';
}

function scalar(type: GgufEntry['type'], random: Random): GgufEntry {
  const count = random.of(COUNTS);
  switch (type) {
    case 'u8':
      return { type, value: count & 255 };
    case 'i8':
      return { type, value: (count & 255) - 128 };
    case 'u16':
      return { type, value: count & 65_535 };
    case 'i16':
      return { type, value: (count & 65_535) - 32_768 };
    case 'i32':
      return { type, value: random.once(3) ? -Math.min(count, 2 ** 31) : Math.min(count, 2 ** 31 - 1) };
    case 'u64':
      return { type, value: random.once(4) ? 2n ** 63n : count };
    case 'i64':
      return { type, value: random.once(4) ? -(2n ** 63n) : count };
    case 'f32':
    case 'f64':
      return { type, value: random.of(FLOATS) };
    case 'bool':
      return { type, value: random.once(2) };
    case 'string':
      return { type, value: random.of(TEXTS) };
    default:
      return { type: 'u32', value: count };
  }
}

function list(type: string, length: number, random: Random): GgufEntry {
  const elementType = type.slice(0, -1) as GgufEntry['type'];
  const same = random.once(2) ? scalar(elementType, random) : undefined;
  return {
    type,
    value: Array.from({ length }, () => ((same ?? scalar(elementType, random)) as { value: unknown }).value),
  } as GgufEntry;
}

function shown(entry: GgufEntry): string {
  if (!('value' in entry)) return entry.type;
  const text = Array.isArray(entry.value)
    ? `${entry.value.length} of ${String(entry.value[0])}`
    : typeof entry.value === 'string'
      ? JSON.stringify(entry.value)
      : String(entry.value);
  return `${entry.type} ${text.slice(0, 60)}`;
}
