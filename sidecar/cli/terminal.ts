import type { WriteStream } from 'node:tty';

/** Control characters but line breaks and tabs: on a terminal they move the cursor, change its title, or reach the clipboard. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Writes text that a model, a file or another program made. A terminal gets it without control characters, so that no escape sequence acts
 * on it; a pipe or a file gets it as it is.
 */
export function writeForeignText(stream: Pick<WriteStream, 'write' | 'isTTY'>, text: string): void {
  stream.write(stream.isTTY ? text.replace(CONTROLS, '') : text);
}
