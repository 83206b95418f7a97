import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cursor, readCursor } from '../../../sidecar/completion/cursor.ts';
import { requestAt } from './cursorAt.ts';

const WINDOW_UNITS = 64 * 1024;
const STEP_UNITS = 8 * 1024;

/** Each longer than the window. */
const documents: Readonly<Record<string, string>> = {
  'lines that end with LF': 'const value = 1;\n'.repeat(6_000),
  'lines that end with CRLF': 'const value = 1;\r\n'.repeat(6_000),
  'characters of two units': `x${'😀'.repeat(50_000)}`,
};

/** The cursor behind a document. */
function behind(text: string): Cursor {
  const cursor = readCursor(requestAt(`${text}‸`));
  assert.ok(cursor);
  return cursor;
}

describe('The text before the cursor', () => {
  for (const [name, text] of Object.entries(documents)) {
    it(`goes on from keystroke to keystroke where a document has ${name}, and begins elsewhere once in many`, () => {
      let breaks = 0;
      let last = behind(text);
      for (let typed = 256; typed <= 2 * STEP_UNITS; typed += 256) {
        const next = behind(text + 'x'.repeat(typed));
        if (!next.before.startsWith(last.before)) breaks++;
        last = next;
      }
      assert.equal(breaks, 2);
    });

    it(`is as long as the window where a document has ${name}, or a little longer`, () => {
      const units = text.length - behind(text).beforeStart;
      assert.ok(units >= WINDOW_UNITS - 1 && units < WINDOW_UNITS + STEP_UNITS, `${units} units`);
    });
  }

  it('is all there is while that is short', () => {
    assert.equal(behind('x'.repeat(WINDOW_UNITS + STEP_UNITS - 1)).beforeStart, 0);
  });

  it('begins within no character', () => {
    // Multiples of the step lie in the middle of one.
    assert.match(behind(documents['characters of two units'] ?? '').before, /^(😀)+$/u);
  });
});
