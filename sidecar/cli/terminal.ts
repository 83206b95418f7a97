import type { WriteStream } from 'node:tty';

/**
 * Control characters except line breaks and tabs. On a terminal they move the cursor, change its title, or write to the
 * clipboard.
 */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/**
 * Characters by which a name could imitate or reorder lines of the output: line breaks, tabs, and marks that override
 * the direction of text.
 */
const LINE_MARKS = /[\t\n\r\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Writes text from a model, a file or another program. For a terminal, control characters are removed, so that no
 * escape sequence takes effect. A pipe or file gets the text unchanged.
 */
export function writeForeignText(stream: Pick<WriteStream, 'write' | 'isTTY'>, text: string): void {
  stream.write(stream.isTTY ? text.replace(CONTROLS, '') : text);
}

/** Returns a foreign name (of a file, a model, a licence) for use within a line. */
export function inOneLine(name: string): string {
  return name.replace(LINE_MARKS, ' ');
}

/** Redraws the current line of a terminal. */
export function drawLine(stream: Pick<WriteStream, 'write' | 'isTTY'>, line: string): void {
  stream.write('\r\x1b[K');
  writeForeignText(stream, inOneLine(line));
}
