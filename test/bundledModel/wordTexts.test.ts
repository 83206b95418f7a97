import { encode } from '@msgpack/msgpack';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { textOf, traditionalOf, wordsOf, writeWordTexts } from '../../.scripts/bundledModel/wordTexts.ts';

describe('texts of common words', () => {
  it('repeat a word according to its frequency', () => {
    const bins = Array.from({ length: 201 }, (_, bin) => (bin === 100 ? ['often'] : bin === 200 ? ['seldom'] : []));
    assert.deepEqual(wordsOf(bins, 100), [...Array.from({ length: 10 }, () => 'often'), 'seldom']);
  });

  it('contain a share of the words that are too rare for a single occurrence', () => {
    const bins = Array.from({ length: 301 }, (_, bin) =>
      bin === 300 ? Array.from({ length: 40 }, (_unused, word) => `w${word}`) : [],
    );
    assert.deepEqual(wordsOf(bins, 100), ['w0', 'w10', 'w20', 'w30']);
  });

  it('put a blank before each word, and capitalise some words', () => {
    assert.equal(textOf(['der', 'hund', 'bellt', 'und'], 'de'), ' der hund bellt und Der Und\n');
  });

  it('have a line for each word in a language without blanks', () => {
    assert.equal(textOf(['世界', '人権'], 'ja'), '世界\n人権\n');
  });

  it('have Korean words with and without a blank before them, since particles follow without one', () => {
    assert.equal(textOf(['를', '권리'], 'ko'), '를\n권리\n 를 권리 를\n');
  });

  it('write a word with the first traditional character of each simplified one', () => {
    assert.equal(traditionalOf({ [String('門'.codePointAt(0))]: '门', 閂: null, 们: '们' })('门们'), '門们');
  });

  it("use the larger of a language's lists, and write Chinese in traditional characters too", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-words-'));
    try {
      const data = path.join(folder, 'wordfreq', 'data');
      await mkdir(data, { recursive: true });
      const put = (name: string, value: unknown): Promise<void> =>
        writeFile(path.join(data, `${name}.msgpack.gz`), gzipSync(encode(value)));
      const header = { format: 'cB', version: 1 };
      await put('_chinese_mapping', { 門: '门' });
      // The bin of the frequency 1 in 250,000.
      const bins = (...words: string[]): unknown => [header, ...Array.from({ length: 539 }, () => []), words];
      await put('small_zh', bins('门'));
      await put('small_de', bins('klein'));
      await put('large_de', bins('groß'));
      await writeWordTexts(folder, path.join(folder, 'out'), ['zh', 'de']);
      assert.equal(await readFile(path.join(folder, 'out/zh/words.txt'), 'utf8'), '门\n門\n');
      assert.equal(await readFile(path.join(folder, 'out/de/words.txt'), 'utf8'), ' groß Groß\n');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
