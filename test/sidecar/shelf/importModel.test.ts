import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { importModel, removeImportLeftovers, type ImportRequest } from '../../../sidecar/shelf/importModel.ts';
import { modelBytes } from './modelServer.ts';

const content = modelBytes();
let folder: string;
let modelsFolder: string;
let imported: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-import-'));
  modelsFolder = path.join(folder, 'models');
  imported = path.join(modelsFolder, 'imported');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Imports the first of these files of a user. */
async function importOf(names: readonly string[], request: Partial<ImportRequest> = {}): Promise<string> {
  for (const name of names) await writeFile(path.join(folder, name), content);
  return importModel({
    file: path.join(folder, names[0]!),
    modelsFolder,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...request,
  });
}

const importedFiles = async (): Promise<readonly string[]> => (await readdir(imported)).sort();

describe('importModel', () => {
  it('waits for another import of the same file, and then refuses it', async () => {
    await writeFile(path.join(folder, 'twice.gguf'), content);
    const results = await Promise.allSettled([importOf(['twice.gguf']), importOf(['twice.gguf'])]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    assert.match(String(refused?.reason), /twice\.gguf is there already/);
    assert.deepEqual(await importedFiles(), ['twice.gguf']);
    assert.deepEqual(await readFile(path.join(imported, 'twice.gguf')), content);
  });

  it('names no part of a split model if a part can’t be named', async () => {
    const parts = ['split-00001-of-00002.gguf', 'split-00002-of-00002.gguf'];
    // The first part gets its name last, and by then a folder has that name.
    const onProgress = (): void => void mkdirSync(path.join(imported, parts[0]!, 'inside'), { recursive: true });
    await assert.rejects(importOf(parts, { onProgress }), { code: 'download-failed' });
    assert.deepEqual(await importedFiles(), [parts[0]]);
  });

  it('names a folder that it can’t create', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const below = path.join(folder, 'file', 'models');
    const isSaid = (error: unknown): boolean =>
      error instanceof TroubleError &&
      error.code === 'download-failed' &&
      error.message.startsWith(`${path.join(below, 'imported')}: It can't be written. (E`);
    await assert.rejects(importOf(['one.gguf'], { modelsFolder: below }), isSaid);
  });

  it('leaves no file if it is cancelled', async () => {
    const cancel = new AbortController();
    await assert.rejects(importOf(['one.gguf'], { signal: cancel.signal, onProgress: () => cancel.abort() }), {
      name: 'AbortError',
    });
    assert.deepEqual(await importedFiles(), []);
  });

  it('removes the files of an import whose process died', async () => {
    await mkdir(imported, { recursive: true });
    await writeFile(path.join(imported, 'lost.gguf.part'), content);
    await importOf(['next.gguf']);
    assert.deepEqual(await importedFiles(), ['next.gguf']);
  });
});

describe('removeImportLeftovers', () => {
  it('removes files while no import is running', async () => {
    await mkdir(imported, { recursive: true });
    for (const name of ['lost.gguf.part', 'kept.gguf']) await writeFile(path.join(imported, name), content);
    await removeImportLeftovers(modelsFolder);
    assert.deepEqual(await importedFiles(), ['kept.gguf']);
  });

  it('removes no file while an import is running', async () => {
    let looked: Promise<void> | undefined;
    const onProgress = (): void => {
      looked ??= removeImportLeftovers(modelsFolder);
    };
    const file = await importOf(['busy.gguf'], { onProgress });
    await looked;
    assert.deepEqual(await readFile(file), content);
  });

  it('does nothing if nothing was imported', () => removeImportLeftovers(modelsFolder));
});
