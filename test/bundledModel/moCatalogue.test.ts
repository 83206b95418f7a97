import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pagesOfMessages, readMoCatalogue } from '../../.scripts/bundledModel/moCatalogue.ts';
import { moCatalogue } from './moCatalogueOf.ts';

const messages = { '': 'Language: ro\n', Open: 'Deschide', 'One row\0%1 rows': 'Un rând\0%1 rânduri' };

describe('readMoCatalogue', () => {
  it('reads all forms of the translations without the header', () => {
    assert.deepEqual(readMoCatalogue(moCatalogue(messages)), ['Deschide', 'Un rând\0%1 rânduri']);
  });

  it('reads a catalogue with the other byte order', () => {
    assert.deepEqual(readMoCatalogue(moCatalogue(messages, { littleEndian: false })), [
      'Deschide',
      'Un rând\0%1 rânduri',
    ]);
  });

  it('refuses other files and a truncated catalogue', () => {
    assert.throws(
      () => readMoCatalogue(new TextEncoder().encode('msgid "Open" msgstr "Deschide"')),
      /begins with 0x950412de; this one begins with 0x/,
    );
    assert.throws(
      () => readMoCatalogue(moCatalogue(messages).subarray(0, -8)),
      /ends at byte \d+ of a catalogue of \d+/,
    );
    assert.throws(() => readMoCatalogue(new Uint8Array(3)), /at least 20 bytes; this one has 3/);
  });
});

describe('pagesOfMessages', () => {
  it('removes key marks, tags and placeholders', () => {
    const given = [
      '~Deschide',
      '_Салвати...',
      'الترميز (~T)',
      'Fișierul $(ARG1) nu există în %PRODUCTNAME.',
      '<b>Mare</b>\\nsau mic',
      'snake_case',
    ];
    assert.deepEqual(pagesOfMessages(given, 1_000), [
      'Deschide\nСалвати...\nالترميز\nFișierul nu există în .\nMare sau mic\nsnakecase\n',
    ]);
  });

  it('puts each message once and each plural form on its own line, and drops messages without letters', () => {
    assert.deepEqual(pagesOfMessages(['Un rând\0%1 rânduri', 'Un rând', '100 %', '~A'], 1_000), ['Un rând\nrânduri\n']);
  });

  it('begins a new page when one is full', () => {
    assert.deepEqual(pagesOfMessages(['Deschide', 'Salvează', 'Închide'], 18), ['Deschide\nSalvează\n', 'Închide\n']);
  });
});
