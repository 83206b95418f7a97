import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerInstructions } from '../../../../sidecar/chat/languageInstructions.ts';
import { factLabels } from '../../../../sidecar/chat/explain/factLabels.ts';
import { factsText } from '../../../../sidecar/chat/explain/factsText.ts';

const none = { defines: [], parameters: [], yields: [], errors: [], calls: [] };

describe('facts about code as text', () => {
  it('are a list with the labels of the language', () => {
    const facts = { ...none, parameters: ['a', 'b'], returns: 'nothing', calls: ['log'] } as const;
    assert.equal(factsText(facts, 'en'), '- Parameters: `a`, `b`\n- Returns: nothing\n- Calls: `log`');
    assert.equal(factsText(facts, 'zh-TW'), '- 參數: `a`, `b`\n- 回傳: 無\n- 呼叫: `log`');
    assert.equal(factsText({ ...facts, returns: ['a'] }, 'de-AT').split('\n')[1], '- Gibt zurück: `a`');
  });

  it('are in English if the language has no labels', () => {
    assert.equal(factsText({ ...none, errors: ['TypeError'] }, 'sv'), '- Errors: `TypeError`');
  });

  it('are empty if there are none', () => {
    assert.equal(factsText(none, 'en'), '');
  });

  it('have labels in every language of answers', () => {
    assert.deepEqual(Object.keys(factLabels).sort(), Object.keys(answerInstructions).sort());
  });
});
