import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { humanLanguages } from '../../../extension/actions/languages.ts';
import { answerInstructions } from '../../../sidecar/chat/languageInstructions.ts';

describe('the languages to translate into', () => {
  it('are those that the sidecar can name to a model', () => {
    assert.deepEqual(
      humanLanguages('en')
        .map(({ tag }) => tag)
        .sort(),
      Object.keys(answerInstructions).sort(),
    );
  });
  it('begin with the one asked for, whatever form its tag has', () => {
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
  it('bear their own names', () => {
    assert.deepEqual(humanLanguages('de')[0], { tag: 'de', name: 'German', nativeName: 'Deutsch' });
  });
});
