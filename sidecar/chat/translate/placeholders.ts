/**
 * What a translation keeps letter for letter: formats, escapes, markup, addresses, code between backticks, tags,
 * identifiers.
 */
const KEPT = new RegExp(
  [
    String.raw`\$\{[^}]*\}`,
    String.raw`\{\{[^}]*\}\}`,
    String.raw`\{[^{}\s]*\}`,
    String.raw`%(?:\([^)]*\))?[-+0#]*\d*(?:\.\d+)?[sdifgxXeuocr@%]`,
    String.raw`\$\d+`,
    String.raw`\\(?:u\{?[\da-fA-F]+\}?|x[\da-fA-F]{2}|.)`,
    String.raw`<\/?[a-zA-Z][^<>]*>`,
    String.raw`&#?\w+;`,
    String.raw`\bhttps?:\/\/[^\s)>\]]+`,
    '`[^`]+`',
    String.raw`@\w+`,
    String.raw`\b\w+\(\)`,
    String.raw`\b[a-z]+[A-Z]\w*\b`,
    String.raw`\b[A-Za-z]\w*_\w+\b`,
  ].join('|'),
  'g',
);

/** The placeholders of a text, sorted: another language may put them in another order. */
export function placeholders(text: string): readonly string[] {
  return (text.match(KEPT) ?? []).sort();
}

/** A text without its placeholders. */
export function withoutPlaceholders(text: string): string {
  return text.replace(KEPT, ' ');
}

/** Whether a translation has each placeholder of its source as often as that, and no other. */
export function keepsPlaceholders(source: string, translation: string): boolean {
  return JSON.stringify(placeholders(source)) === JSON.stringify(placeholders(translation));
}
