import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sizeOfParts } from '../../../../sidecar/models/gguf/parts.ts';

describe('the size of a model in parts', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-parts-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the sum of all files', async () => {
    for (const part of [1, 2, 3]) await writeFile(path.join(folder, `all-0000${part}-of-00003.gguf`), 'x'.repeat(part));
    assert.equal(await sizeOfParts(path.join(folder, 'all-00001-of-00003.gguf')), 6);
  });

  it('stops at the first missing part, however many parts a name claims', async (context) => {
    const first = path.join(folder, 'many-00001-of-99999.gguf');
    await writeFile(first, 'x');
    const { mock } = context.mock.method(fsPromises, 'stat');
    syncBuiltinESMExports();
    try {
      await assert.rejects(sizeOfParts(first), /many-00002-of-99999\.gguf/);
      assert.equal(mock.callCount(), 2);
    } finally {
      mock.restore();
      syncBuiltinESMExports();
    }
  });
});
