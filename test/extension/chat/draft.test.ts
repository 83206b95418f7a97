import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Draft } from '../../../extension/chat/draft.ts';

describe('Draft', () => {
  function draft(text = ''): {
    readonly draft: Draft;
    readonly kept: readonly string[];
    readonly shown: readonly { readonly previous: string; readonly text: string }[];
  } {
    const kept: string[] = [];
    const shown: { previous: string; text: string }[] = [];
    return {
      draft: new Draft({
        text,
        keep: (now) => kept.push(now),
        show: (previous, now) => shown.push({ previous, text: now }),
      }),
      kept,
      shown,
    };
  }

  it("starts with the kept text and follows the user's edits", () => {
    const { draft: question, kept, shown } = draft('Explain');
    assert.equal(question.read(), 'Explain');
    question.edit('Explain this');
    assert.equal(question.read(), 'Explain this');
    assert.deepEqual([kept, shown], [['Explain this'], []]);
  });

  it('shows written text in place of the previous text', () => {
    const { draft: question, kept, shown } = draft('Explain:');
    question.write('Explain: Hello');
    question.write('Explain: Hello there');
    assert.equal(question.read(), 'Explain: Hello there');
    assert.deepEqual(shown, [
      { previous: 'Explain:', text: 'Explain: Hello' },
      { previous: 'Explain: Hello', text: 'Explain: Hello there' },
    ]);
    assert.equal(kept.at(-1), 'Explain: Hello there');
  });

  it("signals only the user's next edit", () => {
    const { draft: question } = draft();
    const { nextEdit } = question;
    question.write('Hello');
    assert.equal(nextEdit.aborted, false);
    question.edit('');
    assert.equal(nextEdit.aborted, true);
    assert.equal(question.nextEdit.aborted, false);
  });
});
