/**
 * A text of others (a server, a catalogue, a file's name) for VS Code's notifications: they make a link of
 * `[text](target)`, and run the command that a `command:` target names. A zero-width space between the two brackets
 * leaves the text to read as it was.
 */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200B(');
}
