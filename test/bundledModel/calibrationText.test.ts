import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { calibrationText } from '../../.scripts/bundledModel/calibrationText.ts';

describe('the text to calibrate with', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-calibration-'));
    for (const domain of ['typescript', 'javascript', 'python', 'prose']) {
      for (let file = 0; file < 50; file++) {
        await mkdir(path.join(folder, domain, `package${file % 5}`), { recursive: true });
        await writeFile(path.join(folder, domain, `package${file % 5}`, `${file}.txt`), `${domain} ${String(file).padStart(2, '0')} 😀 `.repeat(200));
      }
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has pieces of every domain, most of prose, in turn, none of which splits a character, and is the same every time', async () => {
    const text = await calibrationText(folder);
    const pieces = text.trimEnd().split('\n\n');
    assert.deepEqual(pieces.slice(0, 5).map((piece) => /[a-z]{6,}|prose/.exec(piece.slice(20))?.[0]), ['typescript', 'javascript', 'python', 'prose', 'prose']);
    assert.equal(pieces.length, 100);
    assert.ok(pieces.every((piece) => piece.length > 700 && !/\p{Surrogate}/u.test(piece)));
    assert.ok(new Set(pieces).size > 90);
    assert.equal(await calibrationText(folder), text);
  });

  it('needs texts of every domain', async () => {
    await mkdir(path.join(folder, 'empty', 'typescript'), { recursive: true });
    await assert.rejects(calibrationText(path.join(folder, 'empty')), /typescript holds no texts|ENOENT/);
  });
});
