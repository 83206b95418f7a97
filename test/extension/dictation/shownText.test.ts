import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShownText } from '../../../extension/dictation/shownText.ts';

describe('ShownText', () => {
  async function shown(
    texts: readonly string[],
  ): Promise<{ readonly states: readonly string[]; readonly isAny: boolean }> {
    const states: string[] = [];
    const text = new ShownText({ show: (state) => Promise.resolve(states.push(state) > 0) }, () =>
      assert.fail('the target is there'),
    );
    await Promise.all(texts.map((state) => text.show(state)));
    return { states, isAny: text.isAny };
  }

  for (const [what, texts, states, isAny] of [
    ['shows each state of the text, in order', ['One', 'One two', 'One two'], ['One', 'One two', 'One two'], true],
    ['shows an empty text if all words were taken back', ['', 'One', '', ''], ['One', '', ''], true],
    ['leaves the target unchanged if no words come', ['', ''], [], false],
  ] as const) {
    it(what, async () => assert.deepEqual(await shown(texts), { states, isAny }));
  }

  it('waits for the previous state', async () => {
    const states: string[] = [];
    let finish: (isThere: boolean) => void = () => undefined;
    const first = new Promise<boolean>((resolve) => (finish = resolve));
    const text = new ShownText(
      { show: (state) => (states.push(state) === 1 ? first : Promise.resolve(true)) },
      () => undefined,
    );
    const both = Promise.all([text.show('One'), text.show('One two')]);
    await Promise.resolve();
    assert.deepEqual(states, ['One']);
    finish(true);
    await both;
    assert.deepEqual(states, ['One', 'One two']);
  });

  it('reports a target that is gone', async () => {
    let count = 0;
    await new ShownText({ show: () => Promise.resolve(false) }, () => count++).show('One');
    assert.equal(count, 1);
  });
});
