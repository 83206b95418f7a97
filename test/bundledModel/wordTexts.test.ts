import { encode } from '@msgpack/msgpack';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { textOf, traditionalOf, wordsOf, writeWordTexts } from '../../.scripts/bundledModel/wordTexts.ts';

describe('texts of common words', () => {
  it('repeat a word as often as its frequency says', () => {
    const bins = Array.from({ length: 201 }, (_, bin) => (bin === 100 ? ['often'] : bin === 200 ? ['seldom'] : []));
    assert.deepEqual(wordsOf(bins, 100), [...Array.from({ length: 10 }, () => 'often'), 'seldom']);
  });

  it('have some of the words that are too rare to stand once', () => {
    const bins = Array.from({ length: 301 }, (_, bin) =>
      bin === 300 ? Array.from({ length: 40 }, (_unused, word) => `w${word}`) : [],
    );
    assert.deepEqual(wordsOf(bins, 100), ['w0', 'w10', 'w20', 'w30']);
  });

  it('put a blank before each word, and have some words with a capital', () => {
    assert.equal(textOf(['der', 'hund', 'bellt', 'und'], 'de'), ' der hund bellt und Der Und\n');
  });

  it('have a line for each word where a language has no blanks', () => {
    assert.equal(textOf(['世界', '人権'], 'ja'), '世界\n人権\n');
  });

  it('have Korean words with and without a blank, since particles follow a word at once', () => {
    assert.equal(textOf(['를', '권리'], 'ko'), '를\n권리\n 를 권리 를\n');
  });

  it('write a word in traditional characters by the first that each simplified one stands for', () => {
    assert.equal(traditionalOf({ [String('門'.codePointAt(0))]: '门', 閂: null, 们: '们' })('门们'), '門们');
  });

  it('are written for each language, of the larger list, Chinese also in traditional characters', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-words-'));
    try {
      const data = path.join(folder, 'wordfreq', 'data');
      await mkdir(data, { recursive: true });
      const put = (name: string, value: unknown): Promise<void> =>
        writeFile(path.join(data, `${name}.msgpack.gz`), gzipSync(encode(value)));
      const header = { format: 'cB', version: 1 };
      await put('_chinese_mapping', { 門: '门' });
      // The bin of a frequency of one in 250,000.
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
