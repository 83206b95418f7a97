import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { JudgedFile, type Explained } from './judgedFile.ts';

const explained: readonly Explained[] = [{ id: 'a.ts', digest: 'd', answer: 'It adds.', verdict: '', why: '' }];

describe('JudgedFile', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-judged-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('keeps the explanations of each model', async () => {
    const judged = new JudgedFile(path.join(folder, 'models.json'));
    assert.deepEqual(await judged.read('0123456789abcdef0123'), []);
    await judged.write({ digest: '0123456789abcdef0123', name: 'a' }, explained);
    await judged.write({ digest: 'f'.repeat(64), name: 'b' }, []);
    assert.deepEqual(await judged.read('0123456789abcdef0123'), explained);
  });

  it('refuses an unknown verdict, and names the function and the verdict', async () => {
    const file = path.join(folder, 'odd.json');
    const judged = new JudgedFile(file);
    await judged.write({ digest: 'a', name: 'a' }, explained);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"verdict": ""', '"verdict": "wrong"'));
    await assert.rejects(judged.read('a'), /the verdict on a\.ts is "wrong"\. Expected one of right, thin, misleading/);
  });
});
