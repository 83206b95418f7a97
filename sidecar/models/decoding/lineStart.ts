const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineStart {
  /** Spaces and tabs. */
  readonly whiteSpace: string;
  /** The byte behind them; undefined where the text ends. */
  readonly next: number | undefined;
}

/** The white space at the beginning of a text, and the byte behind it. */
export function lineStartOf(bytes: Uint8Array): LineStart {
  let length = 0;
  while (bytes[length] === SPACE || bytes[length] === TAB) length++;
  return { whiteSpace: Buffer.from(bytes.subarray(0, length)).toString('latin1'), next: bytes[length] };
}

/** Whether the white space is all, or a line break or other text follows. */
export function kindOf({ next }: LineStart): 'blank' | 'break' | 'text' {
  if (next === undefined) return 'blank';
  return next === LINE_FEED || next === CARRIAGE_RETURN ? 'break' : 'text';
}

/** Whether a line may go on with this text where one of these stretches of white space is still to come. */
export function fits(start: LineStart, indentations: readonly string[]): boolean {
  switch (kindOf(start)) {
    case 'blank':
      return indentations.some((each) => each.startsWith(start.whiteSpace));
    case 'text':
      return indentations.includes(start.whiteSpace);
    case 'break':
      return false;
  }
}
