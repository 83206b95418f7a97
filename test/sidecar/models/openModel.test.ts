import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { UnsupportedOpError } from '../../../kernels/ggml/errors.ts';
import { openDevice, type OpenedDevice } from '../../../sidecar/models/llamaCpp/device.ts';
import { inspectModelFile } from '../../../sidecar/models/modelFile.ts';
import type { OpenedModel, OpenRequest } from '../../../sidecar/models/openedModel.ts';
import { openModel } from '../../../sidecar/models/openModel.ts';
import type { LoadParams } from '../../../sidecar/protocol/engine.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

describe('openModel', () => {
  let folder: string;
  let modelPath: string;
  let device: OpenedDevice;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-open-'));
    modelPath = path.join(folder, 'model.gguf');
    using cpu = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device: cpu, vocabulary: tinyVocabulary() });
    device = await openDevice('cpu', { threads: 1, log: () => undefined });
  });
  after(async () => {
    await device.llama.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function request(engine: LoadParams['engine']): Promise<OpenRequest> {
    const params = { modelPath, engine, device: 'cpu', threads: 1, contextSizeTokens: 512 } as const;
    return { params, file: await inspectModelFile(modelPath), device, threads: 1, logLines: () => [] };
  }

  /** Finds at the first evaluation that Chorus's own engine lacks an operation. */
  async function prepare(opened: OpenedModel): Promise<OpenedModel> {
    if (opened.engine === 'chorus') throw new UnsupportedOpError('mulMat of a to b does not run on cpu.');
    return opened;
  }

  it("uses Chorus's own engine if it can", async () => {
    const opened = await openModel(await request('auto'), async (model) => model);
    assert.equal(opened.engine, 'chorus');
    await opened.dispose();
  });

  it('falls back to llama.cpp with the reason if the first evaluation fails', async () => {
    const opened = await openModel(await request('auto'), prepare);
    assert.deepEqual(
      [opened.engine, opened.limits[0]],
      ['llama', 'llama.cpp runs model.gguf: mulMat of a to b does not run on cpu.'],
    );
    await opened.dispose();
  });

  it("refuses with that reason if the user chose Chorus's own engine", async () => {
    await assert.rejects(openModel(await request('chorus'), prepare), {
      code: 'unsupported-model',
      message: 'mulMat of a to b does not run on cpu.',
    });
  });
});
