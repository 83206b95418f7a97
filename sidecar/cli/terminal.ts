import type { WriteStream } from 'node:tty';

/**
 * Control characters but line breaks and tabs: on a terminal they move the cursor, change its title, or reach the
 * clipboard.
 */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/**
 * What would let a name look like other lines of the output, or turn their order: line breaks, tabs, and marks that
 * override the direction of text.
 */
const LINE_MARKS = /[\t\n\r\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Writes text that a model, a file or another program made. A terminal gets it without control characters, so that no
 * escape sequence acts on it; a pipe or a file gets it as it is.
 */
export function writeForeignText(stream: Pick<WriteStream, 'write' | 'isTTY'>, text: string): void {
  stream.write(stream.isTTY ? text.replace(CONTROLS, '') : text);
}

/** A name that others gave, for a place within a line: of a file, a model, a licence. */
export function inOneLine(name: string): string {
  return name.replace(LINE_MARKS, ' ');
}

/** A line that stays in its place on a terminal, in place of the one before. */
export function drawLine(stream: Pick<WriteStream, 'write' | 'isTTY'>, line: string): void {
  stream.write('\r\x1b[K');
  writeForeignText(stream, inOneLine(line));
}
