/** Parts that a translation keeps unchanged: formats, escapes, markup, URLs, code in backticks, tags, identifiers. */
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

/** Returns the placeholders of a text, sorted, since another language may have another order. */
export function placeholders(text: string): readonly string[] {
  return (text.match(KEPT) ?? []).sort();
}

/** Returns a text without its placeholders. */
export function withoutPlaceholders(text: string): string {
  return text.replace(KEPT, ' ');
}

/** Whether a translation has the same placeholders as its source, equally often. */
export function keepsPlaceholders(source: string, translation: string): boolean {
  return JSON.stringify(placeholders(source)) === JSON.stringify(placeholders(translation));
}
