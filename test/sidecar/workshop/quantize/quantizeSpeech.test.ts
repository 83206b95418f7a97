import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { quantize } from '../../../../sidecar/workshop/quantize/quantize.ts';
import { openSpeechModel } from '../../../../sidecar/speech/speechModel.ts';
import { whisperModel } from '../../../reference/whisperModel.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-quantize-speech-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('quantising a speech model', () => {
  for (const type of ['Q8_0', 'Q5_1'] as const) {
    it(`to ${type} equals a converter's file of that type byte for byte`, async () => {
      const outputPath = path.join(folder, `${type}.bin`);
      const result = await quantize({ modelPath: await whisperModel('F16'), outputPath, type, patterns: [] });
      assert.ok((await readFile(outputPath)).equals(await readFile(await whisperModel(type))));
      assert.ok(result.bytesAfter < 0.6 * result.bytesBefore);
      assert.deepEqual(
        result.fallbacks.map(({ tensor }) => tensor),
        ['encoder.conv1.weight', 'encoder.conv2.weight'],
      );
    });
  }

  it('to Q8_0 loads every matrix in eight bits, including convolutions', async () => {
    using device = new Device('cpu', { threads: 1 });
    using model = await openSpeechModel(await whisperModel('Q8_0'), device);
    const above = [...model.weights.all].filter(
      ([name, { type }]) => type !== 'Q8_0' && name.endsWith('weight') && !/ln(_post)?\.weight$/.test(name),
    );
    assert.deepEqual(
      above.map(([name]) => name),
      [],
    );
  });

  it('leaves nothing if it fails', async () => {
    const outputPath = path.join(folder, 'nothing.bin');
    await assert.rejects(
      quantize({ modelPath: await whisperModel('F16'), outputPath, type: 'Q3_Z', patterns: [] }),
      (error) => error instanceof TroubleError && error.code === 'invalid-input',
    );
    assert.equal(existsSync(outputPath), false);
  });
});
