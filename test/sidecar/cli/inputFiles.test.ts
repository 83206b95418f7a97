import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UsageError } from '../../../sidecar/cli/exitCodes.ts';
import { readText } from '../../../sidecar/cli/inputFiles.ts';

describe('readText', () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-input-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  const file = async (content: string | Uint8Array): Promise<string> => {
    const named = path.join(folder, 'text.txt');
    await writeFile(named, content);
    return named;
  };

  it('reads the whole text, or enough of it for a number of tokens', async () => {
    assert.equal(await readText(await file('Grüße')), 'Grüße');
    assert.equal(await readText(await file('Grüße'), { tokens: 10 }), 'Grüße');
    const beginning = await readText(await file('word '.repeat(1_000)), { tokens: 10 });
    assert.ok(beginning.length >= 100 && beginning.length < 1_000, `${beginning.length} characters`);
  });

  it('reads no more than that, however large the file is', async () => {
    const large = await file('word '.repeat(1_000));
    const handle = await open(large, 'r+');
    // Larger than a Node buffer can be, but it takes almost no space on the disk.
    await handle.truncate(2 ** 40);
    await handle.close();
    assert.ok((await readText(large, { tokens: 100 })).startsWith('word '));
  });

  it('may cut within a character', async () => {
    for (const shift of ['', 'a', 'aa'])
      assert.match(await readText(await file(`${shift}${'語'.repeat(100)}`), { tokens: 1 }), /^a*語+$/);
  });

  for (const [what, content, says] of [
    ['that is empty', '', /text\.txt is empty/],
    ['that is not UTF-8', Buffer.from([0x63, 0xe9, 0x63]), /can't be read as UTF-8 text/],
    ['that ends within a character', Buffer.from([0x63, 0xe8, 0xaa]), /can't be read as UTF-8 text/],
  ] as const) {
    it(`refuses a file ${what}`, async () => {
      const named = await file(content);
      for (const tokens of [undefined, 10])
        await assert.rejects(
          readText(named, { tokens }),
          (error) => error instanceof UsageError && says.test(error.message),
        );
    });
  }
});
