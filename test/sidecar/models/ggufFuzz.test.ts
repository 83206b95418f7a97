import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { checkModel } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { readVocabulary } from '../../../sidecar/models/gguf/vocabulary.ts';
import { inspectModelFile } from '../../../sidecar/models/modelFile.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { ggufHeaderBytes, tinyModel } from './ggufFile.ts';

const MUTATIONS = 6_000;
/** Numbers that overflow, wrap around or name other types. */
const NASTY = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

describe('a header with random damage', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fuzz-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test(`is refused clearly or read, ${MUTATIONS} times`, async () => {
    const bases = [
      await wholeModel(path.join(folder, 'whole.gguf')),
      { header: ggufHeaderBytes(tinyModel()), dataBytes: tinyModel().dataBytes },
    ];
    const random = generator(20_261_125);
    const file = path.join(folder, 'mutant.gguf');
    let refused = 0;
    for (let round = 0; round < MUTATIONS; round++) {
      const { header, dataBytes } = bases[round % bases.length] as Base;
      const bytes = mutate(header, random);
      await writeFile(file, bytes);
      // Weights are zeros, sometimes too few of them. A sparse file costs nothing.
      await truncate(file, bytes.length + (random(4) === 0 ? random(dataBytes) : dataBytes));
      try {
        await inspectModelFile(file);
        await readVocabulary(file);
        await checkModel(file);
      } catch (error) {
        refused++;
        assert.ok(error instanceof TroubleError, `round ${round}: ${String((error as Error).stack)}`);
        assert.ok(error.message.length > 10 && error.message.length < 1_000, `round ${round}: ${error.message}`);
      }
    }
    assert.ok(refused > MUTATIONS / 4, `${refused} refused`);
  });
});

interface Base {
  readonly header: Buffer;
  readonly dataBytes: number;
}

/** The header of a model that Chorus's own engine runs. */
async function wholeModel(file: string): Promise<Base> {
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(file, { variant: 'llama', type: 'Q8_0', device, vocabulary: tinyVocabulary() });
  await checkModel(file);
  const bytes = await readFile(file);
  const { dataOffsetBytes } = await readGgufHeader(file);
  return { header: bytes.subarray(0, dataOffsetBytes), dataBytes: bytes.length - dataOffsetBytes };
}

function mutate(header: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(header);
  for (let change = 0; change <= random(3); change++) {
    const at = random(bytes.length);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(NASTY[random(NASTY.length)] as number, at);
        break;
      case 2:
        bytes = bytes.subarray(0, at + 1);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256))),
          bytes.subarray(at),
        ]);
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
