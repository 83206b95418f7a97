import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCursor } from '../../../../sidecar/completion/cursor.ts';
import {
  budgetOf,
  promptText,
  type PromptText,
  stablePrefixStart,
} from '../../../../sidecar/completion/prompt/prompt.ts';
import type { NotebookCell } from '../../../../sidecar/completion/request.ts';
import { SuffixMemory } from '../../../../sidecar/completion/prompt/suffixMemory.ts';
import { cursorAt, requestAt } from '../cursorAt.ts';

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

  test('starts at the same place of the document when the window moves', () => {
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

  test('is cut within a line of a megabyte, but not within a character', () => {
    const { prefix, suffix } = promptText(cursorAt(`${'😀'.repeat(250_000)}‸${'😀'.repeat(250_000)}`), {
      prefixUnits: 401,
      suffixUnits: 101,
    });
    assert.ok(prefix.length > 200 && prefix.length <= 401);
    assert.match(prefix, /^(😀)+$/u);
    assert.match(suffix, /^(😀)+$/u);
  });

  test('has `\n` line ends and no lone surrogates', () => {
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

  test('give way to the cell itself if the budget is short', () => {
    const text = promptText(cursorAt('df = ‸', 'python'), { prefixUnits: 30, suffixUnits: 5 }, cells);
    assert.deepEqual(text, { prefix: 'import pandas as pd\n\ndf = ', suffix: '' });
  });

  const python = (text: string): NotebookCell => ({ languageId: 'python', text });
  const large = { before: [python('far = 1'), python(longText)], after: [python(longText), python('far = 2')] };

  test('are cut if a cell is larger than the budget: the nearest lines stay', () => {
    const { prefix, suffix } = promptText(cursorAt('df = ‸', 'python'), budget, large);
    assert.match(prefix, /^line \d+\n(line \d+\n)+line 199\n\ndf = $/);
    assert.ok(prefix.length <= 400 && prefix.length >= 250, `length ${prefix.length}`);
    assert.match(suffix, /^\n\nline 0\n(line \d+\n)+line \d+$/);
    assert.ok(suffix.length <= 100 && suffix.length > 85, `length ${suffix.length}`);
    assert.ok(longText.startsWith(`${suffix.trimStart()}\n`), 'every line is whole');
  });

  test('keep the indentation of the first remaining line', () => {
    const block = Array.from({ length: 200 }, (_, index) => `    line ${index}`).join('\n');
    assert.match(
      promptText(cursorAt('‸', 'python'), budget, { before: [python(block)], after: [] }).prefix,
      /^ {4}line \d+\n/,
    );
  });

  test('are cut at the same place for most keystrokes', () => {
    const cuts = new Set<string>();
    for (let typed = 0; typed < 100; typed++)
      cuts.add(promptText(cursorAt(`${'x'.repeat(typed)}‸`, 'python'), budget, large).prefix.slice(0, 9));
    assert.ok(cuts.size <= 2, `${cuts.size} different cuts in 100 keystrokes`);
  });

  test('have no part of a line that is longer than the budget', () => {
    const data = [python('x'.repeat(1_000))];
    assert.deepEqual(promptText(cursorAt('df = ‸', 'python'), budget, { before: data, after: data }), {
      prefix: 'df = ',
      suffix: '',
    });
  });

  test('give way if the cell alone is larger than the budget', () => {
    const { prefix, suffix } = promptText(cursorAt(`${longText}‸\n${longText}`, 'python'), budget, large);
    assert.match(prefix, /^line \d+\n(line \d+\n)+line 199$/);
    assert.match(suffix, /^\nline 0\n(line \d+\n)+line \d+$/);
  });
});

describe('The suffix', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `    statement ${index};`).join('\n');
  const place = { clientKey: 'window', uri: 'a', maxTokens: 384 };
  const held = (
    memory: SuffixMemory,
    suffix: string,
    { prefix = '', ...other }: Partial<typeof place> & { readonly prefix?: string } = {},
  ): string => memory.hold({ ...place, ...other }, { prefix, suffix });

  test('stays the same while it changes a little at the cursor', () => {
    const memory = new SuffixMemory();
    assert.equal(held(memory, lines), lines);
    assert.equal(held(memory, `)${lines}`), lines);
    const next = lines.indexOf('\n') + 1;
    assert.equal(held(memory, lines.slice(next), { prefix: lines.slice(0, next) }), lines);
  });

  const added: readonly (readonly [what: string, after: string])[] = [
    ['closers and punctuation', '");\n'],
    ['white space', '  \n'],
    ['a closer on the next line, behind Enter', '\n  }\n'],
    ['the end of a tag', '</my-list.Item>\n'],
    ['the end of a tag on the next line, behind Enter', '\n  </div>\n'],
    ['the end of a fragment, within brackets', '</>)}\n'],
    ['the end of a tag without one', ' />\n'],
    ['the end of a block in Ruby, behind Enter', '\n  end\n'],
    ['the end of a comment', ' */\n'],
    ['the end of a comment on the next line, behind Enter', '\n   */\n'],
  ];
  for (const [what, after] of added) {
    test(`stays the same while the editor adds to the line: ${what}`, () => {
      const memory = new SuffixMemory();
      held(memory, `\n${lines}`);
      assert.equal(held(memory, `${after}${lines}`), `\n${lines}`);
    });
  }

  test('changes if the user adds a tag that closes more', () => {
    for (const after of ['<div></div>', '</a b>', '* /', 'ending']) {
      const memory = new SuffixMemory();
      held(memory, `\n${lines}`);
      assert.equal(held(memory, `${after}\n${lines}`), `${after}\n${lines}`);
    }
  });

  const passed = '\n  return null;\n}';
  const between = Array.from({ length: 40 }, (_, index) => `const value${index} = ${index};`).join('\n');

  test('changes after lines were deleted that also occur further up', () => {
    const memory = new SuffixMemory();
    held(memory, `${passed}\n${lines}`, { prefix: `f() {${passed}\n${between}\ng() {` });
    assert.equal(held(memory, `\n${lines}`, { prefix: `f() {${passed}\n${between}\ng() {` }), `\n${lines}`);
  });

  test('stays the same after the cursor moved down and some lines were typed', () => {
    const memory = new SuffixMemory();
    held(memory, `${passed}\n${lines}`, { prefix: 'g() {' });
    assert.equal(
      held(memory, `\n${lines}`, { prefix: `${between}\ng() {${passed}\nconst a = 1;\nconst b = 2;` }),
      `${passed}\n${lines}`,
    );
  });

  for (const maxTokens of [512, 1_024, 2_048, 4_096]) {
    const numbered = Array.from({ length: 1_000 }, (_, index) => `statement ${String(index).padEnd(24)};`);
    const at = (lineNumber: number): PromptText => {
      const marked = [
        ...numbered.slice(0, lineNumber),
        `${numbered[lineNumber]}‸`,
        ...numbered.slice(lineNumber + 1),
      ].join('\n');
      return promptText(cursorAt(marked), budgetOf(maxTokens));
    };

    test(`has all lines below the cursor after it moved up, in ${maxTokens} tokens`, () => {
      for (const moved of [1, 2, 3, 5, 8]) {
        const memory = new SuffixMemory();
        memory.hold(place, at(500));
        assert.equal(memory.hold(place, at(500 - moved)), at(500 - moved).suffix, `${moved} lines`);
      }
    });

    test(`stays the same after the cursor moved down, but not after lines were deleted, in ${maxTokens} tokens`, () => {
      const memory = new SuffixMemory();
      const first = memory.hold(place, at(500));
      assert.equal(memory.hold(place, at(501)), first);
      const { prefix } = at(500);
      const { suffix } = at(501);
      assert.equal(memory.hold(place, { prefix, suffix }), suffix);
    });
  }

  test('stays the same while the user is in another document', () => {
    const memory = new SuffixMemory();
    held(memory, lines);
    held(memory, 'other', { uri: 'b' });
    assert.equal(held(memory, `)${lines}`), lines);
  });

  test('changes with a large change, another document or another window', () => {
    const memory = new SuffixMemory();
    held(memory, lines);
    const half = lines.slice(lines.length / 2);
    assert.equal(held(memory, half, { prefix: lines.slice(0, lines.length / 2) }), half);
    held(memory, lines);
    assert.equal(held(memory, `)${lines}`, { uri: 'b' }), `)${lines}`);
    assert.equal(held(memory, `]${lines}`, { uri: 'b', maxTokens: 1_024 }), `]${lines}`);
    assert.equal(held(memory, `]${lines}`, { clientKey: 'other window', uri: 'b' }), `]${lines}`);
  });
});
