import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { humanLanguages } from '../../../extension/actions/languages.ts';
import { answerInstructions } from '../../../sidecar/chat/languageInstructions.ts';

describe('humanLanguages', () => {
  it('returns the languages that the sidecar can name to a model', () => {
    assert.deepEqual(
      humanLanguages('en')
        .map(({ tag }) => tag)
        .sort(),
      Object.keys(answerInstructions).sort(),
    );
  });
  it('puts the requested language first, whatever the form of its tag', () => {
    for (const [tag, expected] of [
      ['de', 'de'],
      ['pt-br', 'pt'],
      ['zh-tw', 'zh-Hant'],
      ['zh-cn', 'zh-Hans'],
      ['zh-Hant', 'zh-Hant'],
    ] as const) {
      assert.equal(humanLanguages(tag)[0]?.tag, expected, tag);
    }
  });
  it('gives each language its own name', () => {
    assert.deepEqual(humanLanguages('de')[0], { tag: 'de', name: 'German', nativeName: 'Deutsch' });
  });
});
