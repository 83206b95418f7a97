/** A string of its own. V8 keeps all of a text in memory for one slice of it. */
export function copyString(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
