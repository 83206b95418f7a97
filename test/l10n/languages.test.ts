import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as l10n from '@vscode/l10n';
import { counted, currentLanguage, formatNumber, useLanguage } from '../../l10n/currentLanguage.ts';
import { interfaceLanguageFor } from '../../l10n/languages.ts';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../l10n');
afterEach(() => useLanguage(folder, 'en'));

describe('interfaceLanguageFor', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['de', 'de'],
    ['de-AT', 'de'],
    ['de_CH.UTF-8', 'de'],
    ['en-GB', 'en'],
    ['zh-Hant-HK', 'zh-tw'],
    ['zh_CN.UTF-8', 'zh-cn'],
    ['zh', 'zh-cn'],
    ['pt-PT', 'pt-br'],
    ['iw', 'he'],
    ['sv', 'en'],
    ['C', 'en'],
    ['', 'en'],
  ];
  for (const [tag, language] of cases)
    it(`returns ${language} for ${tag || 'an empty tag'}`, () => assert.equal(interfaceLanguageFor(tag), language));
});

describe('texts at run time', () => {
  it('are in the language that was chosen last', () => {
    useLanguage(folder, 'de');
    assert.equal(l10n.t('Open Chat'), 'Chat öffnen');
    useLanguage(folder, 'en');
    assert.equal(l10n.t('Open Chat'), 'Open Chat');
  });

  it('stay in the previous language if a bundle is missing', () => {
    useLanguage(folder, 'de');
    assert.throws(() => useLanguage('/nowhere', 'de'), /nowhere/);
    assert.equal(l10n.t('Open Chat'), 'Chat öffnen');
    assert.equal(currentLanguage(), 'de');
  });

  it('format numbers by the language', () => {
    assert.equal(formatNumber(12345.5), '12,345.5');
    useLanguage(folder, 'de');
    assert.equal(formatNumber(12345.5), '12.345,5');
    assert.equal(formatNumber(5, { style: 'unit', unit: 'minute', unitDisplay: 'long' }), '5 Minuten');
  });
});

describe('counted', () => {
  it('uses the plural rules of the language', () => {
    const lines = (count: number): string => counted(l10n.t('one: {0} line | other: {0} lines'), count);
    assert.deepEqual([1, 2, 1000].map(lines), ['1 line', '2 lines', '1,000 lines']);
    useLanguage(folder, 'de');
    assert.deepEqual([1, 2, 1000].map(lines), ['1 Zeile', '2 Zeilen', '1.000 Zeilen']);
    useLanguage(folder, 'ru');
    assert.deepEqual([1, 3, 5, 21].map(lines), ['1 строка', '3 строки', '5 строк', '21 строка']);
    useLanguage(folder, 'ja');
    assert.deepEqual([1, 2].map(lines), ['1 行', '2 行']);
  });
});
