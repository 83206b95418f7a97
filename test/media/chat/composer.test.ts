import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { Composer } from '../../../media/chat/composer.ts';
import type { ChatStrings } from '../../../media/chat/messages.ts';

const { window } = new JSDOM('');
Object.assign(globalThis, { document: window.document });
const strings = new Proxy({}, { get: (_, name) => String(name) }) as ChatStrings;

describe('the input box', () => {
  function composer(): {
    readonly composer: Composer;
    readonly drafts: readonly string[];
    readonly sent: readonly string[];
    readonly type: (text: string) => void;
    readonly press: (key: string) => void;
  } {
    const drafts: string[] = [];
    const sent: string[] = [];
    const nothing = (): void => undefined;
    const box = new Composer({
      strings,
      commands: [{ name: 'explain', description: '' }],
      chips: { add: nothing, remove: nothing },
      send: (text) => sent.push(text),
      stop: nothing,
      dictate: nothing,
      focused: nothing,
      draftChanged: (text) => drafts.push(text),
    });
    const input = box.root.querySelector('textarea');
    assert.ok(input);
    const type = (text: string): void => {
      input.value = text;
      input.dispatchEvent(new window.Event('input'));
    };
    const press = (key: string): void =>
      void input.dispatchEvent(new window.KeyboardEvent('keydown', { key, cancelable: true }));
    return { composer: box, drafts, sent, type, press };
  }

  it('reports text that the user types, chooses and sends, but not text that is shown in it', () => {
    const { composer: box, drafts, sent, type, press } = composer();
    box.setText('kept');
    box.showDictated({ previous: 'kept', text: 'kept words' });
    assert.deepEqual(drafts, []);
    type('my words');
    box.chooseCommand('explain');
    press('Enter');
    assert.deepEqual(drafts, ['my words', '/explain my words', '']);
    assert.deepEqual(sent, ['/explain my words']);
    assert.equal(box.text, '');
  });

  for (const [what, text, cursor, expected] of [
    [
      'replaces the typed part of it, but not the words after it',
      '/explain this code',
      1,
      '/explain explain this code',
    ],
    ['replaces the typed part of it at the end', '/exp', 4, '/explain '],
    ['replaces another command', '/explain this', 13, '/explain this'],
    ['does not change a path', '/tmp/x.log is what', 18, '/explain /tmp/x.log is what'],
  ] as const) {
    it(`a chosen command ${what}`, () => {
      const { composer: box, type } = composer();
      type(text);
      box.root.querySelector('textarea')?.setSelectionRange(cursor, cursor);
      box.chooseCommand('explain');
      assert.equal(box.text, expected);
    });
  }

  it('shows the states of dictated text one after another', () => {
    const { composer: box } = composer();
    box.setText('Explain:');
    box.showDictated({ previous: 'Explain:', text: 'Explain: Hello' });
    box.showDictated({ previous: 'Explain: Hello', text: 'Explain: Hello there' });
    assert.equal(box.text, 'Explain: Hello there');
  });

  it('keeps text that the user typed or sent while dictated text was on its way', () => {
    const { composer: box, type, press } = composer();
    box.showDictated({ previous: '', text: 'Hello' });
    type('Hallo');
    box.showDictated({ previous: 'Hello', text: 'Hello there' });
    assert.equal(box.text, 'Hallo');
    press('Enter');
    box.showDictated({ previous: 'Hello there', text: 'Hello there, you' });
    assert.equal(box.text, '');
  });
});
