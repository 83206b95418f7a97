import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cursor, readCursor } from '../../../sidecar/completion/cursor.ts';
import { requestAt } from './cursorAt.ts';

const WINDOW_UNITS = 64 * 1024;
const STEP_UNITS = 8 * 1024;

/** Each is longer than the window. */
const documents: Readonly<Record<string, string>> = {
  'lines that end with LF': 'const value = 1;\n'.repeat(6_000),
  'lines that end with CRLF': 'const value = 1;\r\n'.repeat(6_000),
  'characters of two units': `x${'😀'.repeat(50_000)}`,
};

/** The cursor at the end of a document. */
function behind(text: string): Cursor {
  const cursor = readCursor(requestAt(`${text}‸`));
  assert.ok(cursor);
  return cursor;
}

describe('The text before the cursor', () => {
  for (const [name, text] of Object.entries(documents)) {
    it(`keeps its start from keystroke to keystroke in a document with ${name}, and seldom moves it`, () => {
      let breaks = 0;
      let last = behind(text);
      for (let typed = 256; typed <= 2 * STEP_UNITS; typed += 256) {
        const next = behind(text + 'x'.repeat(typed));
        if (!next.before.startsWith(last.before)) breaks++;
        last = next;
      }
      assert.equal(breaks, 2);
    });

    it(`is as long as the window in a document with ${name}, or a little longer`, () => {
      const units = text.length - behind(text).beforeStart;
      assert.ok(units >= WINDOW_UNITS - 1 && units < WINDOW_UNITS + STEP_UNITS, `${units} units`);
    });
  }

  it('is the whole text while that is short', () => {
    assert.equal(behind('x'.repeat(WINDOW_UNITS + STEP_UNITS - 1)).beforeStart, 0);
  });

  it('does not begin inside a character', () => {
    // The step's multiples lie inside characters.
    assert.match(behind(documents['characters of two units'] ?? '').before, /^(😀)+$/u);
  });
});
