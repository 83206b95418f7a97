import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import hljs from 'highlight.js/lib/common';
import { Highlighter } from '../../../media/chat/highlighter.ts';

/** Returns the code that highlight.js got while `work` ran. */
function highlighted(work: () => void): readonly string[] {
  const highlight = mock.method(hljs, 'highlight');
  try {
    work();
    return highlight.mock.calls.map(({ arguments: [code] }) => code);
  } finally {
    highlight.mock.restore();
  }
}

describe('Highlighter', () => {
  const line = `${'x = 1; '.repeat(70)}\n`;

  for (const [name, code] of [
    ['60,000 characters that Java takes for names', '$'.repeat(60_000)],
    ['a line that is too long', `a\n${'$'.repeat(600)}\nb`],
    ['a last line that is too long', `${line.repeat(3)}${'a'.repeat(600)}`],
    ['more lines than the limit', line.repeat(30)],
  ] as const) {
    it(`does not colour ${name}`, () => {
      assert.deepEqual(
        highlighted(() => assert.equal(new Highlighter().colour(code, 'java'), undefined)),
        [],
      );
    });
  }

  it('colours code of moderate length and keeps its text', () => {
    for (const code of [line.repeat(20), 'class A {}', '', '\n'.repeat(2_000), `${'a'.repeat(499)}\n`.repeat(20)])
      assert.notEqual(new Highlighter().colour(code, 'java'), undefined);
    assert.match(new Highlighter().colour('class A {}', 'java') ?? '', /hljs-keyword/);
    assert.equal(new Highlighter().colour('class A {}', 'no-language'), undefined);
  });

  it('does not colour a language again that once took long, by any of its names', () => {
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
