import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AdoptedExperts } from '../../../sidecar/learning/adoptedExperts.ts';
import { expertsDigest, modelDigest } from '../../../sidecar/learning/baseDigest.ts';
import { forgetExpert } from '../../../sidecar/keptContexts/learntFolder.ts';
import {
  ensureExpertFolder,
  expertFolder,
  writeExpertRecord,
  type ExpertRecord,
} from '../../../sidecar/learning/expertStore.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';

const HELD_OUT = { files: 1, natsBefore: 2, natsAfter: 1, lines: 10, linesBefore: 3, linesAfter: 5 };

describe('The adopted expert of a workspace', () => {
  let folder: string;
  let learning: string;
  let model: string;
  let experts: AdoptedExperts;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adopted-'));
    learning = path.join(folder, 'learning');
    model = path.join(folder, 'model.gguf');
    await writeModel(model, 1);
    experts = new AdoptedExperts(learning);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function writeModel(file: string, value: number): Promise<void> {
    await writeGguf(file, {
      metadata: new Map([['general.architecture', { type: 'string', value: 'llama' }]]),
      tensors: [{ name: 'one.weight', type: 'F32', shape: [4], chunks: () => [new Uint8Array(16).fill(value)] }],
    });
  }

  async function learn(name: string, changes: Partial<ExpertRecord> = {}): Promise<string> {
    const files = expertFolder(learning, name);
    await ensureExpertFolder(files);
    await writeFile(files.expertFile, 'an expert');
    await writeExpertRecord(files, {
      version: 2,
      base: { model: await modelDigest(model) },
      paths: ['one.ts'],
      digests: [],
      trainedTokens: 1_024,
      heldOut: HELD_OUT,
      general: { natsBefore: 1, natsAfter: 1 },
      adopted: true,
      ...changes,
    });
    return files.expertFile;
  }

  const found = async (name: string, file = model): Promise<string | undefined> =>
    (await experts.of(name, { path: file, engine: 'chorus' }))?.path;

  it('is found for its workspace alone, from the time on when it was learnt', async () => {
    assert.equal(await found('mine'), undefined);
    const file = await learn('mine');
    assert.deepEqual([await found('mine'), await found('theirs')], [file, undefined]);
  });

  it('is found beside a copy of its model, as another version of the extension has one', async () => {
    const file = await learn('mine');
    await mkdir(path.join(folder, 'update'));
    const copy = path.join(folder, 'update', 'model.gguf');
    await copyFile(model, copy);
    assert.equal(await found('mine', copy), file);
  });

  it('is not found for another model, or another engine', async () => {
    await learn('mine');
    const other = path.join(folder, 'other.gguf');
    await writeModel(other, 2);
    assert.equal(await found('mine', other), undefined);
    assert.equal(await experts.of('mine', { path: model, engine: 'llama' }), undefined);
    assert.equal(await experts.of('mine', { path: model, engine: 'server' }), undefined);
  });

  it('is not found beside other experts of the model than those that it began with', async () => {
    const own = path.join(folder, 'own.gguf');
    await writeFile(own, 'the experts of the model');
    const base = { model: await modelDigest(model), start: await expertsDigest(own) };
    const file = await learn('mine', { base });
    const of = async (): Promise<string | undefined> =>
      (
        await experts.of('mine', {
          path: model,
          engine: 'chorus',
          adapters: [{ name: 'own', path: own, experts: 1, isOwn: true }],
        })
      )?.path;
    assert.equal(await of(), file);
    await writeFile(own, 'the experts of an update');
    assert.equal(await of(), undefined);
  });

  it('is not found if it did not help', async () => {
    await learn('mine', { adopted: false, reason: 'It does not help.' });
    assert.equal(await found('mine'), undefined);
  });

  it('has a new version after it has learnt more', async () => {
    await learn('mine');
    const before = await experts.of('mine', { path: model, engine: 'chorus' });
    const file = await learn('mine');
    await writeFile(file, 'an expert that knows more');
    const after = await experts.of('mine', { path: model, engine: 'chorus' });
    assert.notEqual(before?.version, after?.version);
  });

  it('is gone once it is forgotten', async () => {
    await learn('mine');
    assert.ok(await found('mine'));
    await forgetExpert(learning, 'mine');
    assert.equal(await found('mine'), undefined);
  });

  for (const [what, damage] of [
    ['its record is damaged', (record: string) => writeFile(record, '{"version": 2')],
    ['its file is missing', (_: string, file: string) => rm(file)],
    ['the model is gone', () => rm(model)],
  ] as const)
    it(`is not found if ${what}`, async () => {
      const file = await learn('mine');
      await damage(expertFolder(learning, 'mine').recordFile, file);
      assert.equal(await found('mine'), undefined);
    });
});
