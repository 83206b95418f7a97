/**
 * The deepest nesting that is parsed: deeper than any message, file or answer that Chorus reads. Each level costs the
 * parser a hundred times the memory of its bracket.
 */
export const MAX_JSON_DEPTH = 128;
/**
 * The most values that are parsed. Replacing each word of a document takes a tenth as many. A `[]` of three bytes takes
 * fifty in memory.
 */
export const MAX_JSON_VALUES = 2_000_000;

/** The text is nested too deeply or has too many values. The message quotes nothing of the text. */
export class JsonLimitError extends SyntaxError {
  override readonly name = 'JsonLimitError';
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Parses JSON from outside Chorus. Throws `JsonLimitError` before it parses a text that exceeds `MAX_JSON_DEPTH` or
 * `MAX_JSON_VALUES`, and `SyntaxError` if the text is not JSON.
 */
export function parseJson(text: string): unknown {
  checkLimits(text);
  return JSON.parse(text);
}

function checkLimits(text: string): void {
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        values++;
        if (++depth > MAX_JSON_DEPTH) throw new JsonLimitError(`JSON of more than ${MAX_JSON_DEPTH} levels`);
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth--;
        break;
      case COMMA:
        values++;
        break;
    }
    if (values > MAX_JSON_VALUES) throw new JsonLimitError(`JSON of more than ${MAX_JSON_VALUES} values`);
  }
}

/** The index of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
