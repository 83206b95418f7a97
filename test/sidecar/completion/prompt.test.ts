import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { promptText, stablePrefixStart } from '../../../sidecar/completion/prompt.ts';
import { SuffixMemory } from '../../../sidecar/completion/suffixMemory.ts';
import { cursorAt, requestAt } from './cursorAt.ts';

const budget = { prefixUnits: 400, suffixUnits: 100 };
const longText = Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\n');

describe('The prefix in the prompt', () => {
  test('is the whole text before the cursor while that fits', () => {
    assert.deepEqual(promptText(cursorAt('a\nb‸c\nd'), budget), { prefix: 'a\nb', suffix: 'c\nd' });
  });

  test('starts at a line and stays within the budget', () => {
    const { prefix } = promptText(cursorAt(`${longText}‸`), budget);
    assert.ok(prefix.length <= 400 && prefix.length >= 250, `length ${prefix.length}`);
    assert.match(prefix, /^line \d+\n/);
  });

  test('starts at the same place for most keystrokes', () => {
    const starts = new Set<number>();
    for (let typed = 0; typed < 100; typed++) {
      const before = longText + 'x'.repeat(typed);
      starts.add(stablePrefixStart(before, 0, 400));
    }
    assert.ok(starts.size <= 2, `${starts.size} different starts in 100 keystrokes`);
  });

  test('starts at the same place of the document when the window of text that is looked at moves', () => {
    const whole = longText.repeat(60);
    const start = (length: number): number => {
      const cursor = readCursor(requestAt(`${whole.slice(0, length)}‸`));
      assert.ok(cursor);
      return cursor.beforeStart + stablePrefixStart(cursor.before, cursor.beforeStart, 400);
    };
    assert.ok(whole.length > 64 * 1024 + 100);
    const starts = new Set(Array.from({ length: 50 }, (_, typed) => start(whole.length - 50 + typed)));
    assert.ok(starts.size <= 2, `${starts.size} different starts`);
  });

  test('is cut within a line of a megabyte, and not within a character', () => {
    const { prefix, suffix } = promptText(cursorAt(`${'😀'.repeat(250_000)}‸${'😀'.repeat(250_000)}`), { prefixUnits: 401, suffixUnits: 101 });
    assert.ok(prefix.length > 200 && prefix.length <= 401);
    assert.match(prefix, /^(😀)+$/u);
    assert.match(suffix, /^(😀)+$/u);
  });

  test('has line feeds and no lone surrogates', () => {
    assert.deepEqual(promptText(cursorAt('a\r\n\ud800b‸\r\nc'), budget), { prefix: 'a\n\ufffdb', suffix: '\nc' });
  });
});

describe('A notebook’s cells', () => {
  const cells = {
    before: [
      { languageId: 'markdown', text: '# Load\nthe data' },
      { languageId: 'python', text: 'import pandas as pd' },
    ],
    after: [{ languageId: 'python', text: 'df.head()' }],
  };

  test('stand around the cell in order, other languages as comments', () => {
    const text = promptText(cursorAt('df = ‸', 'python'), budget, cells);
    assert.deepEqual(text, { prefix: '# # Load\n# the data\n\nimport pandas as pd\n\ndf = ', suffix: '\n\ndf.head()' });
  });

  test('give way to the cell itself where the budget is short', () => {
    const text = promptText(cursorAt('df = ‸', 'python'), { prefixUnits: 30, suffixUnits: 5 }, cells);
    assert.deepEqual(text, { prefix: 'import pandas as pd\n\ndf = ', suffix: '' });
  });
});

describe('The suffix', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `    statement ${index};`).join('\n');

  const place = { clientKey: 'window', uri: 'a', maxTokens: 384 };

  test('is held still while it changes a little at the cursor', () => {
    const memory = new SuffixMemory();
    assert.equal(memory.hold(place, lines), lines);
    assert.equal(memory.hold(place, `)${lines}`), lines);
    assert.equal(memory.hold(place, lines.slice(lines.indexOf('\n') + 1)), lines);
  });

  test('is held while the user is in another document', () => {
    const memory = new SuffixMemory();
    memory.hold(place, lines);
    memory.hold({ ...place, uri: 'b' }, 'other');
    assert.equal(memory.hold(place, `)${lines}`), lines);
  });

  test('follows a change that is not small, another document, another window', () => {
    const memory = new SuffixMemory();
    memory.hold(place, lines);
    const half = lines.slice(lines.length / 2);
    assert.equal(memory.hold(place, half), half);
    memory.hold(place, lines);
    assert.equal(memory.hold({ ...place, uri: 'b' }, `)${lines}`), `)${lines}`);
    assert.equal(memory.hold({ ...place, uri: 'b', maxTokens: 1_024 }, `]${lines}`), `]${lines}`);
    assert.equal(memory.hold({ ...place, clientKey: 'other window', uri: 'b' }, `]${lines}`), `]${lines}`);
  });
});
