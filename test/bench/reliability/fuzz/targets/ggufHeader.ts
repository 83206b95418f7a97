import { closeSync, ftruncateSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { ggufHeaderBytes, type TensorEntry } from '../../../../../sidecar/models/gguf/headerBytes.ts';
import { readVocabulary } from '../../../../../sidecar/models/gguf/vocabulary.ts';
import { checkModel } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { inspectModelFile } from '../../../../../sidecar/models/modelFile.ts';
import { TINY_VOCABULARY } from '../../../../reference/tinyModels.ts';
import { tinyModel } from '../../../../sidecar/models/ggufFile.ts';
import { mutate, type Mutant } from '../../libllama/mutations.ts';
import { vocabularies } from '../../libllama/vocabularies.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

interface HeaderInput {
  readonly bytes: Buffer;
  readonly dataBytes: number;
}

/** Numbers that overflow, wrap or stand for other types. */
const NASTY = [0, 1, 9, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const WIDTH = 32;
const MAX_MESSAGE_LENGTH = 1_000;
/** Every tenth vocabulary is large. */
const VOCABULARY_EVERY = 10;

/** Headers of models: reading them, their vocabulary, and the parts that our graphs need. */
export function openGgufHeader(): FuzzTarget<HeaderInput> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chorus-fuzz-gguf-'));
  const file = path.join(folder, 'model.gguf');
  const descriptor = openSync(file, 'w');
  const small = [asMutant(tinyModel()), ...['qwen2', 'command-r', 'gemma'].map(renamed)];
  const large = Object.values(vocabularies).map(withVocabulary);
  return {
    title: "headers of models' files: reading and checking them, and their vocabulary",
    make: (random) => makeInput(random, random.of(random.once(VOCABULARY_EVERY) ? large : small)),
    run: ({ bytes, dataBytes }) => {
      // The weights are zeros, and a sparse file needs no space for them.
      ftruncateSync(descriptor, 0);
      writeSync(descriptor, bytes, 0, bytes.length, 0);
      ftruncateSync(descriptor, bytes.length + dataBytes);
      return isTaken(file);
    },
    close: () => {
      closeSync(descriptor);
      return rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Returns whether all code that reads a header accepts the file. Throws if it is refused with another error than the
 * module's own.
 */
async function isTaken(file: string): Promise<boolean> {
  try {
    await inspectModelFile(file);
    await readVocabulary(file);
    await checkModel(file).catch((error: unknown) => assertOwn(error));
    return true;
  } catch (error) {
    assertOwn(error);
    return false;
  }
}

function assertOwn(error: unknown): void {
  if (!(error instanceof TroubleError)) throw error;
  if (error.message.length < 10 || error.message.length > MAX_MESSAGE_LENGTH)
    throw new Error(`a message of ${error.message.length} characters`, { cause: error });
}

function makeInput(random: Random, base: Mutant & { readonly dataBytes: number }): HeaderInput {
  const mutant = {
    ...base,
    entries: base.entries.map(([key, entry]): Mutant['entries'][number] => [key, entry]),
    tensors: [...base.tensors],
  };
  if (random.once(2)) mutate(mutant, random);
  const header = ggufHeaderBytes(mutant.entries, mutant.tensors);
  const bytes = random.once(2) ? damaged(header, random) : header;
  return { bytes, dataBytes: random.once(4) ? random.below(base.dataBytes) : base.dataBytes };
}

/** Returns a header with some bytes changed, removed or inserted. */
function damaged(header: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(header);
  for (let change = random.below(3); change >= 0 && bytes.length > 0; change--) {
    const at = random.below(bytes.length);
    switch (random.below(6)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(random.of(NASTY), at);
        break;
      case 2:
        if (at + 8 <= bytes.length) bytes.writeBigUInt64LE(BigInt(random.of(NASTY)) << BigInt(random.below(33)), at);
        break;
      case 3:
        bytes = bytes.subarray(0, at + 1);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256))),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}

function asMutant({
  metadata,
  tensors,
  dataBytes,
}: ReturnType<typeof tinyModel>): Mutant & { readonly dataBytes: number } {
  return { entries: Object.entries(metadata), tensors: [...tensors], architecture: 'llama', dataBytes };
}

function renamed(architecture: string): ReturnType<typeof asMutant> {
  const base = asMutant(tinyModel({ metadata: { 'general.architecture': { type: 'string', value: architecture } } }));
  return {
    ...base,
    architecture,
    entries: base.entries.map(([key, entry]) => [key.replace(/^llama\./, `${architecture}.`), entry]),
  };
}

function withVocabulary(metadata: (typeof vocabularies)[string]): ReturnType<typeof asMutant> {
  const queries: TensorEntry = {
    name: 'blk.0.attn_q.weight',
    shape: [WIDTH, WIDTH],
    type: 0,
    offset: WIDTH * TINY_VOCABULARY * 4,
  };
  const tensors = [{ name: 'token_embd.weight', shape: [WIDTH, TINY_VOCABULARY], type: 0, offset: 0 }, queries];
  const unlike = { 'tokenizer.ggml.token_type': undefined, 'tokenizer.ggml.eos_token_id': undefined };
  return asMutant(
    tinyModel({ metadata: { ...unlike, ...metadata }, tensors, dataBytes: queries.offset + WIDTH * WIDTH * 4 }),
  );
}
