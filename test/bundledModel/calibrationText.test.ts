import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { calibrationText } from '../../.scripts/bundledModel/calibrationText.ts';
import { CODE_DOMAINS } from '../../.scripts/bundledModel/packages.ts';
import { PROSE_LANGUAGES } from '../../.scripts/bundledModel/vocabularyTexts.ts';

/** The folders of training texts. */
const KINDS: readonly string[] = [...CODE_DOMAINS, ...PROSE_LANGUAGES.map((language) => path.join('prose', language))];

describe('calibrationText', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-calibration-'));
    for (const kind of KINDS) {
      for (let file = 0; file < 20; file++) {
        await mkdir(path.join(folder, kind, `package${file % 5}`), { recursive: true });
        await writeFile(
          path.join(folder, kind, `package${file % 5}`, `${file}.txt`),
          `${kind} ${String(file).padStart(2, '0')} 😀 `.repeat(200),
        );
      }
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('alternates pieces of every language, with twice as much code, splits no character, and is the same every time', async () => {
    const text = await calibrationText(folder);
    const pieces = text.trimEnd().split('\n\n');
    const turn = [
      ...CODE_DOMAINS.flatMap((domain) => [domain, domain]),
      ...PROSE_LANGUAGES.map((language) => `prose/${language}`),
    ];
    const kindOf = (piece: string): string | undefined => KINDS.find((kind) => piece.slice(30).includes(` ${kind} `));
    assert.deepEqual(pieces.slice(0, turn.length).map(kindOf), turn);
    assert.equal(pieces.length, 4 * turn.length);
    assert.ok(pieces.every((piece) => piece.length > 450 && !/\p{Surrogate}/u.test(piece)));
    assert.equal(await calibrationText(folder), text);
  });

  it('rejects a folder without texts of a language', async () => {
    await mkdir(path.join(folder, 'empty', 'typescript'), { recursive: true });
    await assert.rejects(calibrationText(path.join(folder, 'empty')), /typescript holds no texts|ENOENT/);
  });
});
