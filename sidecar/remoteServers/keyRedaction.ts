/** The text that replaces a key. */
const REDACTED = '[key]';
/** Parts of a key with this length are removed too, since servers may shorten the text that they repeat. */
const PART_UNITS = 8;
/** A shorter key is no secret, and would match ordinary words. */
const MIN_KEY_UNITS = 4;

/** Returns a server's text without the key that was sent to it. */
export type RedactKey = (text: string) => string;

/**
 * Returns a function that removes a key from a server's text. It finds the key in any case, percent-encoded, as HTML,
 * in hexadecimal and in Base64, with any text before it ("Bearer …", "user:…"). It also finds parts of eight or more
 * characters, but no other forms.
 */
export function redactKey(key: string | undefined): RedactKey {
  if (key === undefined || key.length < MIN_KEY_UNITS) return (text) => text;
  const spellings = spellingsOf(key).map((spelling) => spelling.toLowerCase());
  const parts = new Set(spellings.flatMap(partsOf));
  const lengths = [...new Set([...parts].map(({ length }) => length))];
  return (text) => withoutParts(text, parts, lengths);
}

function spellingsOf(key: string): string[] {
  const bytes = Buffer.from(key);
  const html = key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return [
    key,
    encodeURIComponent(key),
    html,
    JSON.stringify(key).slice(1, -1),
    bytes.toString('hex'),
    ...[0, 1, 2].flatMap((before) => base64Of(bytes, before)),
  ];
}

/** Returns the Base64 characters that depend only on the key, with `before` bytes in front of it. */
function base64Of(key: Buffer, before: number): string[] {
  const bits = 8 * (before + key.length);
  const from = Math.ceil((8 * before) / 6);
  const middle = Buffer.concat([Buffer.alloc(before), key])
    .toString('base64')
    .slice(from, Math.floor(bits / 6));
  return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
}

function partsOf(spelling: string): string[] {
  const length = Math.min(PART_UNITS, spelling.length);
  return Array.from({ length: spelling.length - length + 1 }, (_, start) => spelling.slice(start, start + length));
}

function withoutParts(text: string, parts: ReadonlySet<string>, lengths: readonly number[]): string {
  // Unlike `toLowerCase`, this keeps each character in place. Keys are ASCII.
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  let kept = '';
  let end = 0;
  for (let start = 0; start < text.length; start++) {
    const length = lengths.find((each) => parts.has(lower.slice(start, start + each)));
    if (length === undefined) continue;
    if (start > end || kept === '') kept += text.slice(end, start) + REDACTED;
    end = Math.max(end, start + length);
  }
  return kept + text.slice(end);
}
