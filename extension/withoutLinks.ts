/**
 * Disables links in a foreign text (of a server, a catalogue, a file name) for VS Code's notifications. They turn
 * `[text](target)` into a link and run the command of a `command:` target. A zero-width space between the brackets
 * prevents this and leaves the text readable.
 */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200B(');
}
