/** Returns a copy of a string. V8 keeps a whole text in memory for a slice of it. */
export function copyString(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
