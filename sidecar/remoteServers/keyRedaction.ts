/** What stands in place of a key. */
const REDACTED = '[key]';
/** A part of a key that is as long as this is left out too: servers shorten what they repeat. */
const PART_UNITS = 8;
/** Nobody keeps a secret of fewer characters, and words of a message would be taken for it. */
const MIN_KEY_UNITS = 4;

/** Text of a server without the key that it was sent. */
export type RedactKey = (text: string) => string;

/**
 * Takes a key out of what a server says: as it is, in upper or lower case, in percent-encoding, as HTML, in hexadecimal
 * digits and in Base64, whatever stands before it there ("Bearer …", "user:…"); and parts of eight characters or more.
 * Other forms of a key are not known.
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

/** The characters of Base64 that the key alone decides, where so many bytes stand before it. */
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
  // Unlike `toLowerCase`, keeps each character at its place; keys are ASCII.
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
