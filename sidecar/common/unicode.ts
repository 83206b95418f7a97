/** Editors hold UTF-16, in which lone surrogates occur. A cut must never make one. */

/** Replaces lone surrogates by U+FFFD, since no tokenizer accepts them. The length in UTF-16 units stays the same. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Returns whether `offset` lies between the halves of a surrogate pair or of a CRLF. */
export function splitsCharacter(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return (isHighSurrogate(before) && isLowSurrogate(after)) || (before === 0x0d && after === 0x0a);
}

/** Returns the nearest offset at or after `offset` that splits no character. */
export function snapForward(text: string, offset: number): number {
  return splitsCharacter(text, offset) ? offset + 1 : offset;
}

/** Returns the nearest offset at or before `offset` that splits no character. */
export function snapBack(text: string, offset: number): number {
  return splitsCharacter(text, offset) ? offset - 1 : offset;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
