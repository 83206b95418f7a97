import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import hljs from 'highlight.js/lib/common';
import { Highlighter } from '../../../media/chat/highlighter.ts';

/** What highlight.js was given while `work` ran. */
function highlighted(work: () => void): readonly string[] {
  const highlight = mock.method(hljs, 'highlight');
  try {
    work();
    return highlight.mock.calls.map(({ arguments: [code] }) => code);
  } finally {
    highlight.mock.restore();
  }
}

describe('colours of code', () => {
  const line = `${'x = 1; '.repeat(70)}\n`;

  for (const [name, code] of [
    ['60,000 signs of which Java makes names', '$'.repeat(60_000)],
    ['a line that is too long', `a\n${'$'.repeat(600)}\nb`],
    ['a last line that is too long', `${line.repeat(3)}${'a'.repeat(600)}`],
    ['more lines than are coloured', line.repeat(30)],
  ] as const) {
    it(`are not looked for in ${name}`, () => {
      assert.deepEqual(
        highlighted(() => assert.equal(new Highlighter().colour(code, 'java'), undefined)),
        [],
      );
    });
  }

  it('are found in code of some length, whose text they keep', () => {
    for (const code of [line.repeat(20), 'class A {}', '', '\n'.repeat(2_000), `${'a'.repeat(499)}\n`.repeat(20)])
      assert.notEqual(new Highlighter().colour(code, 'java'), undefined);
    assert.match(new Highlighter().colour('class A {}', 'java') ?? '', /hljs-keyword/);
    assert.equal(new Highlighter().colour('class A {}', 'no-language'), undefined);
  });

  it('are not looked for again in a language that once took long, by whatever name', () => {
    let nowMs = 0;
    let costMs = 1_000;
    const highlighter = new Highlighter(() => (nowMs += costMs));
    const passed = highlighted(() => {
      for (const language of ['csharp', 'cs', 'c#', 'csharp']) highlighter.colour('class A {}', language);
      costMs = 100;
      for (const language of ['java', 'java']) highlighter.colour('class B {}', language);
    });
    assert.deepEqual(passed, ['class A {}', 'class B {}', 'class B {}']);
  });
});
