import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { modelBytes, ModelServer, type Answer } from '../modelServer.ts';

/** Sends no length, so that only the disk itself shows that the file is too large. */
const lengthUntold: Answer = (_request, response, { content }) => response.writeHead(200, { etag: '"1"' }).end(content);

/**
 * Runs a module's text while `folder` is a disk of its own, and returns its output as JSON. `undefined` if this system
 * does not let a test mount a disk.
 */
async function onOwnDisk<Result>(folder: string, mountOptions: string, script: string): Promise<Result | undefined> {
  const mounted = ['-rm', 'sh', '-c', `mount -t tmpfs -o ${mountOptions} tmpfs "${folder}" && exec "$@"`, 'sh'];
  const { failed } = await execa('unshare', [...mounted, 'true'], { reject: false });
  if (failed) return undefined;
  const { stdout } = await execa('unshare', [
    ...mounted,
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '--eval',
    script,
  ]);
  return JSON.parse(stdout) as Result;
}

it('a download onto a full disk fails with a remedy, keeps its bytes, and harms no other file', async (test) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-full-'));
  await using server = await ModelServer.start(modelBytes(1_000_000), lengthUntold);
  // The check before the first byte is left out, as if the file system had reported too much space.
  const script = `
    import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
    import { HttpClient } from ${JSON.stringify(new URL('../../../../sidecar/common/http/httpClient.ts', import.meta.url).href)};
    import { PartialFile } from ${JSON.stringify(new URL('../../../../sidecar/shelf/download/partialFile.ts', import.meta.url).href)};
    import { transfer } from ${JSON.stringify(new URL('../../../../sidecar/shelf/download/transfer.ts', import.meta.url).href)};
    const folder = ${JSON.stringify(folder)};
    await writeFile(folder + '/other.gguf', 'another model');
    const client = await HttpClient.open({ systemCertificates: false }, {});
    const partial = await PartialFile.open(folder + '/model.gguf');
    const request = { client, url: ${JSON.stringify(server.url)}, partial, expected: { sizeBytes: 1_000_000 }, onProgress: () => undefined, signal: new AbortController().signal, reserveBytes: -1e9 };
    const error = await transfer(request).catch((error) => error);
    console.log(JSON.stringify({ code: error.code, message: error.message, names: (await readdir(folder)).sort(), part: (await stat(folder + '/model.gguf.part')).size, other: await readFile(folder + '/other.gguf', 'utf8') }));
    process.exit(0);`;
  try {
    const result = await onOwnDisk<{ code: string; message: string; names: string[]; part: number; other: string }>(
      folder,
      'size=600k',
      script,
    );
    if (!result) return test.skip('this system lets no test mount a disk of its own');
    const { code, message, names, part, other } = result;
    assert.equal(code, 'disk-full');
    assert.match(
      message,
      /model\.gguf: The disk is full\. Free some space and go on: what was downloaded is kept\. \(ENOSPC\)/,
    );
    assert.deepEqual(names, ['model.gguf.part', 'model.gguf.part.json', 'other.gguf']);
    assert.ok(part > 400_000);
    assert.equal(other, 'another model');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('an import onto a full disk fails with a remedy, and leaves no file', async (test) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-full-'));
  const sources = await mkdtemp(path.join(os.tmpdir(), 'chorus-split-'));
  const parts = [1, 2].map((part) => path.join(sources, `model-0000${part}-of-00002.gguf`));
  for (const part of parts) await writeFile(part, modelBytes());
  const script = `
    import { readdir } from 'node:fs/promises';
    import { importModel } from ${JSON.stringify(new URL('../../../../sidecar/shelf/importModel.ts', import.meta.url).href)};
    const request = { file: ${JSON.stringify(parts[0])}, modelsFolder: ${JSON.stringify(folder)}, onProgress: () => undefined, signal: new AbortController().signal };
    const error = await importModel(request).catch((error) => error);
    console.log(JSON.stringify({ code: error.code, message: error.message, names: await readdir(${JSON.stringify(path.join(folder, 'imported'))}) }));
    process.exit(0);`;
  try {
    // There is room for both parts, but only for four files: the folder, the imports folder, its lock, and one part.
    const result = await onOwnDisk<{ code: string; message: string; names: string[] }>(
      folder,
      'size=2g,nr_inodes=4',
      script,
    );
    if (!result) return test.skip('this system lets no test mount a disk of its own');
    assert.equal(result.code, 'disk-full');
    assert.match(
      result.message,
      /model-00001-of-00002\.gguf: The disk is full\. Free some space and try again\. \(ENOSPC\)/,
    );
    assert.deepEqual(result.names, []);
  } finally {
    for (const each of [folder, sources]) await rm(each, { recursive: true, force: true });
  }
});
