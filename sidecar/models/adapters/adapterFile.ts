import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { formatBytes, readGgufHeader, type GgufHeader, type GgufTensor } from '../gguf/header.ts';
import { PURPOSES, type Purpose } from '../../protocol/engine.ts';
import { modelName } from '../gguf/modelName.ts';
import { fileRows } from '../gguf/rows.ts';
import { shown } from '../gguf/shown.ts';
import { readMixtureKeys, routerBlock, type ExpertMixture } from './expertMixture.ts';
import { MAX_RANK, type Factor } from './factor.ts';
import { invalidAdapter } from './invalidAdapter.ts';

/** The types of factors. Others are too coarse for factors, or no other program writes them. */
const FACTOR_TYPES: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'Q8_0']);
/** More than the blocks of any model. */
const MAX_ROUTERS = 1_000;
/** A whole file is held in memory between check and use. */
const MAX_FILE_BYTES = 4e9;

/** The metadata with `AdapterFile.includes`, separated by spaces. */
export const INCLUDES_KEY = 'adapter.chorus.includes';
/** The metadata with `AdapterFile.purpose`. */
export const PURPOSE_KEY = 'adapter.chorus.purpose';

const ENDINGS = { down: '.lora_a', up: '.lora_b' } as const;
type Part = keyof typeof ENDINGS;

/** The change of one matrix: `scale · up · down`. */
export interface MatrixFactors {
  readonly down: Factor;
  readonly up: Factor;
  /** Of all experts together. */
  readonly rank: number;
  readonly scale: number;
}

/**
 * A low-rank adapter (LoRA, arXiv 2106.09685) in llama.cpp's format, or a mixture of such adapters, with all of its
 * values.
 */
export interface AdapterFile {
  readonly path: string;
  readonly name: string;
  /** The architecture of its models. */
  readonly architecture: string;
  /** By the name of the model's matrix: "blk.0.attn_q.weight". */
  readonly matrices: ReadonlyMap<string, MatrixFactors>;
  /** Absent: the adapter counts wholly for every token. */
  readonly mixture?: ExpertMixture;
  /** The requests that it counts for. Absent: all. */
  readonly purpose?: Purpose;
  /** Identifies the values: adapters with the same key compute the same. */
  readonly key: string;
  /** The keys of adapters that its training began with. It takes their place. */
  readonly includes: readonly string[];
}

/**
 * Reads an adapter with its values, so that later changes of the file have no effect. Throws `TroubleError` with the
 * file and the tensor: 'model-not-found', 'not-gguf', 'truncated-model' or 'invalid-model'.
 */
export async function readAdapterFile(filePath: string): Promise<AdapterFile> {
  const header = await readGgufHeader(filePath);
  const { architecture, alpha, mixture, purpose } = readKeys(header);
  const pairs = pairsOf(header, mixture !== undefined);
  const hash = createHash('sha256').update(JSON.stringify([architecture, alpha, mixture, [...pairs.keys()]]));
  const routerTensors = mixture ? routersOf(header) : [];
  const routers = new Map<number, Factor>();
  const matrices = new Map<string, MatrixFactors>();
  const file = await open(filePath, 'r');
  try {
    for (const [name, { down, up }] of pairs) {
      const rank = up.shape[0] as number;
      const ownRank = rank / (mixture?.experts ?? 1);
      if (!Number.isInteger(ownRank))
        throw invalidAdapter(
          filePath,
          `the tensor ${up.name} has the rank ${rank}, which ${mixture?.experts} experts can't share equally`,
        );
      const [downFactor, upFactor] = [await read(header, down), await read(header, up)];
      for (const { bytes } of [downFactor, upFactor]) hash.update(bytes);
      // llama.cpp takes an alpha of 0 as a scale of 1.
      matrices.set(name, { down: downFactor, up: upFactor, rank, scale: alpha === 0 ? 1 : alpha / ownRank });
    }
    for (const [block, tensor] of routerTensors) {
      const router = await read(header, tensor);
      hash.update(`${block}`).update(router.bytes);
      routers.set(block, router);
    }
  } finally {
    await file.close();
  }
  return {
    path: filePath,
    name: modelName(header),
    architecture,
    matrices,
    ...(mixture ? { mixture: { ...mixture, routers } } : {}),
    ...(purpose ? { purpose } : {}),
    key: hash.digest('hex'),
    includes: header.metadata.get(INCLUDES_KEY)?.toString().split(' ') ?? [],
  };

  async function read(of: GgufHeader, tensor: GgufTensor): Promise<Factor> {
    const rows = fileRows(file, { ...tensor, header: of });
    const bytes = await rows.read(0, rows.count);
    const values = toFloat32(rows.type, bytes);
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) throw invalidAdapter(filePath, `the tensor ${tensor.name} has the value ${values[index]}`);
    return { type: rows.type, shape: tensor.shape as [number, number], bytes };
  }
}

function readKeys(header: GgufHeader): {
  readonly architecture: string;
  readonly alpha: number;
  readonly mixture?: Omit<ExpertMixture, 'routers'>;
  readonly purpose?: Purpose;
} {
  const { path: file, metadata, fileSizeBytes } = header;
  const expect = (key: string, expected: string): void => {
    const value = metadata.get(key);
    if (value !== expected)
      throw invalidAdapter(
        file,
        `${key} is ${value === undefined ? 'missing' : shown(value)}, expected ${shown(expected)}`,
      );
  };
  expect('general.type', 'adapter');
  const isMixture = metadata.get('adapter.type') === 'chorus';
  if (!isMixture) expect('adapter.type', 'lora');
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string') throw invalidAdapter(file, 'general.architecture is missing');
  const alpha = metadata.get('adapter.lora.alpha') ?? 0;
  if (typeof alpha !== 'number' || !Number.isFinite(alpha))
    throw invalidAdapter(file, `adapter.lora.alpha is ${shown(alpha)}, expected a number`);
  if (fileSizeBytes > MAX_FILE_BYTES)
    throw invalidAdapter(
      file,
      `it has ${formatBytes(fileSizeBytes)}, more than the ${formatBytes(MAX_FILE_BYTES)} allowed`,
    );
  const purpose = metadata.get(PURPOSE_KEY);
  if (purpose !== undefined && !isPurpose(purpose))
    throw invalidAdapter(file, `${PURPOSE_KEY} is ${shown(purpose)}, expected ${PURPOSES.map(shown).join(' or ')}`);
  return {
    architecture,
    alpha,
    ...(isMixture ? { mixture: readMixtureKeys(header) } : {}),
    ...(purpose ? { purpose } : {}),
  };
}

const isPurpose = (value: unknown): value is Purpose => (PURPOSES as readonly unknown[]).includes(value);

/** Finds both factors of each matrix, and checks that they fit together. A mixture also has routers. */
function pairsOf(
  { path: file, tensors }: GgufHeader,
  hasRouters: boolean,
): ReadonlyMap<string, Readonly<Record<Part, GgufTensor>>> {
  const parts = new Map<string, Partial<Record<Part, GgufTensor>>>();
  for (const tensor of tensors) {
    if (hasRouters && routerBlock(tensor.name) !== undefined) continue;
    const part = (['down', 'up'] as const).find((each) => tensor.name.endsWith(ENDINGS[each]));
    if (!part)
      throw invalidAdapter(
        file,
        `it has the tensor ${shown(tensor.name)}, expected names that end in ".lora_a" or ".lora_b"`,
      );
    checkType(file, tensor);
    const name = tensor.name.slice(0, -ENDINGS[part].length);
    parts.set(name, { ...parts.get(name), [part]: tensor });
  }
  if (parts.size === 0) throw invalidAdapter(file, 'it has no tensors');
  return new Map([...parts].map(([name, { down, up }]) => [name, checkPair(file, name, down, up)]));
}

function checkPair(
  file: string,
  name: string,
  down: GgufTensor | undefined,
  up: GgufTensor | undefined,
): Readonly<Record<Part, GgufTensor>> {
  if (!down || !up) {
    const [missing, present] = down ? [ENDINGS.up, ENDINGS.down] : [ENDINGS.down, ENDINGS.up];
    throw invalidAdapter(file, `it has the tensor ${shown(name + present)} without ${shown(name + missing)}`);
  }
  const [first, second] = [asMatrix(down), asMatrix(up)];
  const rank = second.shape[0] as number;
  if ([first, second].some(({ shape }) => shape.length > 2) || first.shape[1] !== rank)
    throw invalidAdapter(
      file,
      `the tensors ${name}.lora_a [${down.shape.join(', ')}] and .lora_b [${up.shape.join(', ')}] do not share a rank`,
    );
  if (rank > MAX_RANK)
    throw invalidAdapter(file, `the tensor ${up.name} has the rank ${rank}, expected at most ${MAX_RANK}`);
  return { down: first, up: second };
}

/** Finds the router of each block, and checks that it is a matrix of floats. */
function routersOf({ path: file, tensors }: GgufHeader): readonly (readonly [block: number, router: GgufTensor])[] {
  const routers = tensors.flatMap((tensor) => {
    const block = routerBlock(tensor.name);
    return block === undefined ? [] : [[block, asMatrix(tensor)] as const];
  });
  if (routers.length > MAX_ROUTERS)
    throw invalidAdapter(file, `it has ${routers.length} routers, expected at most ${MAX_ROUTERS}, one for each block`);
  for (const [, router] of routers) {
    checkType(file, router);
    if (router.shape.length !== 2)
      throw invalidAdapter(
        file,
        `the tensor ${router.name} has the shape [${router.shape.join(', ')}], expected two extents`,
      );
  }
  return routers;
}

function checkType(file: string, { name, type }: GgufTensor): void {
  if (!FACTOR_TYPES.has(type))
    throw invalidAdapter(
      file,
      `the tensor ${shown(name)} is of the type ${type}, expected ${[...FACTOR_TYPES].join(', ')}`,
    );
}

/** A tensor with at least two extents, and without extents of 1 behind them. Files leave out such extents. */
function asMatrix(tensor: GgufTensor): GgufTensor {
  const shape = [...tensor.shape];
  while (shape.length > 2 && shape.at(-1) === 1) shape.pop();
  while (shape.length < 2) shape.push(1);
  return { ...tensor, shape };
}
