const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineStart {
  /** Spaces and tabs. */
  readonly whiteSpace: string;
  /** The byte behind the white space. `undefined` at the end of the text. */
  readonly next: number | undefined;
}

/** The white space at the beginning of a text, and the byte behind it. */
export function lineStartOf(bytes: Uint8Array): LineStart {
  let length = 0;
  while (bytes[length] === SPACE || bytes[length] === TAB) length++;
  return { whiteSpace: Buffer.from(bytes.subarray(0, length)).toString('latin1'), next: bytes[length] };
}

/** Whether only white space is there, or a line break or other text follows. */
export function kindOf({ next }: LineStart): 'blank' | 'break' | 'text' {
  if (next === undefined) return 'blank';
  return next === LINE_FEED || next === CARRIAGE_RETURN ? 'break' : 'text';
}

/** Whether a line may continue with this text if one of `indentations` is still missing. */
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
