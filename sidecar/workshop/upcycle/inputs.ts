import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { checkModel, type CheckedModel } from '../../models/chorus/network/openNetwork.ts';
import { readGgufHeader, type GgufHeader } from '../../models/gguf/header.ts';
import { modelName } from '../../models/gguf/modelName.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { fileRows, type Rows } from '../../models/gguf/rows.ts';
import { copiedMetadata, type GgufEntry } from '../../models/gguf/content.ts';

/**
 * Dense families that can become experts, with the order of attention and feed-forward in their blocks. A file of
 * `chorus` names its own.
 */
const FAMILIES: ReadonlyMap<string, 'serial' | 'parallel' | undefined> = new Map([
  ['llama', 'serial'],
  ['qwen2', 'serial'],
  ['qwen3', 'serial'],
  ['command-r', 'parallel'],
  ['chorus', undefined],
]);

/**
 * The keys that define a tokenizer. They must be equal in all inputs. Chat templates and the marks for the end of a
 * turn come from the first input.
 */
const TOKENIZER_KEYS = [
  'model',
  'pre',
  'tokens',
  'token_type',
  'scores',
  'merges',
  'added_tokens',
  'precompiled_charsmap',
  'add_bos_token',
  'add_eos_token',
  'add_space_prefix',
  'remove_extra_whitespaces',
];

/** A dense model that becomes an expert. */
class Input {
  constructor(
    readonly path: string,
    readonly model: CheckedModel,
    readonly metadata: ReadonlyMap<string, GgufEntry & { readonly type: 'copied' }>,
    private readonly files: ReadonlyMap<string, FileHandle>,
  ) {}

  get header(): GgufHeader {
    return this.model.headers[0] as GgufHeader;
  }

  /** The name in the file's metadata, or else the file name. */
  get name(): string {
    return modelName(this.header);
  }

  /** Without its extension. */
  get fileName(): string {
    return path.basename(this.path, '.gguf');
  }

  has(name: string): boolean {
    return this.model.tensors.has(name);
  }

  /** A tensor as rows of `columns` values. */
  rows(name: string, columns?: number): Rows {
    const tensor = this.model.tensors.get(name);
    const file = tensor && this.files.get(tensor.header.path);
    if (!tensor || !file) throw new Error(`${this.path} has no tensor ${name}.`);
    return fileRows(file, tensor, columns);
  }

  async close(): Promise<void> {
    for (const file of this.files.values()) await file.close();
  }
}

/** Dense models of the same architecture, shape and vocabulary. The first model gives the metadata of the result. */
export class Inputs {
  constructor(readonly all: readonly Input[]) {}

  get first(): Input {
    return this.all[0] as Input;
  }

  get count(): number {
    return this.all.length;
  }

  get blockKind(): 'serial' | 'parallel' {
    return (
      FAMILIES.get(this.first.model.architecture.name) ??
      (this.first.header.metadata.get('chorus.block_kind') as 'serial' | 'parallel')
    );
  }

  get hasHeadNorm(): boolean {
    return this.first.has('blk.0.attn_q_norm.weight');
  }

  has(name: string): boolean {
    return this.first.has(name);
  }

  /** The same tensor of every input. */
  rows(name: string, columns?: number): Rows[] {
    return this.all.map((input) => input.rows(name, columns));
  }

  async close(): Promise<void> {
    for (const input of this.all) await input.close();
  }
}

/**
 * Opens models and checks that they can be combined. Throws `TroubleError` 'invalid-input' with the first differing
 * tensor or key, both values and both files. Also throws as `checkModel` does.
 */
export async function openInputs(paths: readonly string[], outputPath: string): Promise<Inputs> {
  await refuseOverwriting(paths, outputPath);
  const opened: Input[] = [];
  try {
    for (const file of paths) opened.push(await openInput(file));
    const [first, ...others] = opened as [Input, ...Input[]];
    for (const other of others) await checkAlike(first, other);
    return new Inputs(opened);
  } catch (error) {
    for (const input of opened) await input.close();
    throw error;
  }
}

async function openInput(file: string): Promise<Input> {
  const model = await checkModel(file);
  const { architecture, hyperparameters } = model;
  if (!FAMILIES.has(architecture.name)) {
    throw new TroubleError(
      'unsupported-model',
      `${file} has the architecture "${architecture.name}", expected one of ${[...FAMILIES.keys()].join(', ')}.`,
    );
  }
  if (hyperparameters.mixture || hyperparameters.attentionMixture)
    throw new TroubleError('unsupported-model', `${file} is already a mixture of experts. Choose dense models.`);
  const files = new Map<string, FileHandle>();
  for (const { path: part } of model.headers) files.set(part, await open(part, 'r'));
  return new Input(file, model, await copiedMetadata(model.headers[0] as GgufHeader), files);
}

async function checkAlike(first: Input, other: Input): Promise<void> {
  const [a, b] = [first.model.architecture.name, other.model.architecture.name];
  if (a !== b) throw differ('general.architecture', first, a, other, b);
  const prefix = `${a}.`;
  const isTelling = (key: string): boolean =>
    key.startsWith(prefix) || TOKENIZER_KEYS.some((name) => key === `tokenizer.ggml.${name}`);
  for (const key of new Set([...first.metadata.keys(), ...other.metadata.keys()].filter(isTelling))) {
    const [left, right] = [first.metadata.get(key)?.bytes, other.metadata.get(key)?.bytes];
    if (left && right && left.equals(right)) continue;
    throw await differingKey(key, first, other);
  }
  for (const name of new Set([...first.model.tensors.keys(), ...other.model.tensors.keys()])) {
    const [left, right] = [first, other].map(({ model }) => describe(model.tensors.get(name)?.shape));
    if (left !== right) throw differ(`the tensor ${name}`, first, left as string, other, right as string);
  }
}

async function differingKey(key: string, first: Input, other: Input): Promise<TroubleError> {
  const lengths = [first, other].map(({ header }) => header.arrayLengths.get(key));
  if (lengths[0] === undefined || lengths[1] === undefined) {
    return differ(
      key,
      first,
      describe(first.header.metadata.get(key) ?? lengths[0]),
      other,
      describe(other.header.metadata.get(key) ?? lengths[1]),
    );
  }
  if (lengths[0] !== lengths[1]) return differ(key, first, `a list of ${lengths[0]}`, other, `a list of ${lengths[1]}`);
  const [left, right] = await Promise.all([elements(first, key), elements(other, key)]);
  const index = left.findIndex((element, position) => element !== right[position]);
  return differ(`${key}, number ${index},`, first, left[index] ?? 'missing', other, right[index] ?? 'missing');
}

async function elements({ header }: Input, key: string): Promise<string[]> {
  const found: string[] = [];
  await readGgufHeader(header.path, {
    visitArray: (name, _index, element) =>
      void (name === key && found.push(describe(Buffer.isBuffer(element) ? element.toString('utf8') : element))),
  });
  return found;
}

function differ(what: string, first: Input, left: string, other: Input, right: string): TroubleError {
  const [a, b] = [path.basename(first.path), path.basename(other.path)];
  const names = a === b ? [first.path, other.path] : [a, b];
  return new TroubleError(
    'invalid-input',
    `The models don't fit together: ${what} is ${left} in ${names[0]} and ${right} in ${names[1]}.`,
  );
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
