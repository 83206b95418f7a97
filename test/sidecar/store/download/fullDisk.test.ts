import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { modelBytes, ModelServer, type Answer } from '../modelServer.ts';

/** Says nothing of the length, so that only the disk itself tells that it is too much. */
const lengthUntold: Answer = (_request, response, { content }) => response.writeHead(200, { etag: '"1"' }).end(content);

it('a disk that fills up while a model is downloaded ends the download with what to do, keeps what is there, and harms nothing else', async (test) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-full-'));
  const mounted = ['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o size=600k tmpfs "${folder}" && exec "$@"`, 'sh'];
  await using server = await ModelServer.start(modelBytes(1_000_000), lengthUntold);
  // Room is asked for before the first byte; here a file system that lies about it is played by leaving the question out.
  const script = `
    import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
    import { HttpClient } from ${JSON.stringify(new URL('../../../../sidecar/store/network/httpClient.ts', import.meta.url).href)};
    import { PartialFile } from ${JSON.stringify(new URL('../../../../sidecar/store/download/partialFile.ts', import.meta.url).href)};
    import { transfer } from ${JSON.stringify(new URL('../../../../sidecar/store/download/transfer.ts', import.meta.url).href)};
    const folder = ${JSON.stringify(folder)};
    await writeFile(folder + '/other.gguf', 'another model');
    const client = await HttpClient.open({ systemCertificates: false }, {});
    const partial = await PartialFile.open(folder + '/model.gguf');
    const request = { client, url: ${JSON.stringify(server.url)}, partial, expected: { sizeBytes: 1_000_000 }, onProgress: () => undefined, signal: new AbortController().signal, reserveBytes: -1e9 };
    const error = await transfer(request).catch((error) => error);
    console.log(JSON.stringify({ code: error.code, message: error.message, names: (await readdir(folder)).sort(), part: (await stat(folder + '/model.gguf.part')).size, other: await readFile(folder + '/other.gguf', 'utf8') }));
    process.exit(0);`;
  try {
    const { failed } = await execa(mounted[0] as string, [...mounted.slice(1), 'true'], { reject: false });
    if (failed) return test.skip('this system lets no test mount a disk of its own');
    const { stdout } = await execa(mounted[0] as string, [...mounted.slice(1), process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]);
    const { code, message, names, part, other } = JSON.parse(stdout) as { code: string; message: string; names: string[]; part: number; other: string };
    assert.equal(code, 'disk-full');
    assert.match(message, /model\.gguf: The disk is full\. Free some space and go on: what was downloaded is kept\. \(ENOSPC\)/);
    assert.deepEqual(names, ['model.gguf.part', 'model.gguf.part.json', 'other.gguf']);
    assert.ok(part > 400_000);
    assert.equal(other, 'another model');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
