import type { Random } from './random.ts';

/** Written out, since most of them have no form as a number. */
const NASTY_LITERALS = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e308',
  '9e999',
  '9007199254740993',
  '2147483648',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e"',
  '"__proto__"',
  '[]',
  '{}',
  '[null]',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"length":-1}',
];
const DEEPEST = 300;
/** The depth of an occasional input, as an attacker might nest it. */
const VERY_DEEP = 200_000;
const LONGEST_TEXT = 20_000;

/** Returns JSON like a sample with some changed values and keys, and sometimes with damaged text. */
export function mutatedJson(random: Random, sample: unknown): string {
  const marks: string[] = [];
  const value = changed(random, sample, (literal) => `\u0001${marks.push(literal) - 1}\u0001`, {
    left: random.below(4),
  });
  const text = (JSON.stringify(value) ?? 'null').replace(
    /"\\u0001(\d+)\\u0001"/g,
    (_, index: string) => marks[Number(index)] ?? 'null',
  );
  return random.once(6) ? damagedText(random, text) : text;
}

/** Returns a text with some characters removed, inserted, or doubled. */
export function damagedText(random: Random, text: string): string {
  let result = text;
  for (let change = 0; change <= random.below(3); change++) {
    const at = random.below(result.length + 1);
    const length = random.length(40);
    switch (random.below(5)) {
      case 0:
        result = result.slice(0, at);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 2:
        result =
          result.slice(0, at) +
          result.slice(Math.max(0, at - length), at).repeat(1 + random.below(4)) +
          result.slice(at);
        break;
      case 3:
        result =
          result.slice(0, at) +
          random.of(['{', '}', '[', ']', '"', '\\', ',', ':', '\n', '\r', '\0', '\ud800', '\ufeff', '😀', '/*']) +
          result.slice(at);
        break;
      default:
        result = result.slice(0, at) + String.fromCharCode(random.below(0x300)) + result.slice(at + 1);
    }
  }
  return result;
}

/** Returns a copy with up to `count.left` changes. */
function changed(random: Random, value: unknown, mark: (literal: string) => string, count: { left: number }): unknown {
  if (count.left > 0 && random.once(6)) {
    count.left--;
    return mark(replacement(random, value));
  }
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => changed(random, item, mark, count));
    if (count.left > 0 && items.length > 0 && random.once(6)) {
      count.left--;
      const at = random.below(items.length);
      return random.once(2)
        ? items.toSpliced(at, 1)
        : [...items, ...Array.from({ length: 1 + random.length(50) }, () => items[at])];
    }
    return items;
  }
  if (typeof value === 'object' && value !== null)
    return changedObject(random, value as Readonly<Record<string, unknown>>, mark, count);
  return value;
}

function changedObject(
  random: Random,
  value: Readonly<Record<string, unknown>>,
  mark: (literal: string) => string,
  count: { left: number },
): unknown {
  const entries = Object.entries(value).map(([key, item]) => [key, changed(random, item, mark, count)] as const);
  if (count.left > 0 && entries.length > 0 && random.once(8)) {
    count.left--;
    const at = random.below(entries.length);
    if (random.once(2)) return Object.fromEntries(entries.toSpliced(at, 1));
    return Object.fromEntries([
      ...entries,
      [
        random.of([
          '__proto__ ',
          'constructor',
          'x'.repeat(1 + random.length(2_000)),
          '',
          '0',
          entries[random.below(entries.length)]?.[0] ?? '',
        ]),
        entries[at]?.[1],
      ],
    ]);
  }
  return Object.fromEntries(entries);
}

function replacement(random: Random, value: unknown): string {
  switch (random.below(8)) {
    case 0:
      return nested(random.once(400) ? VERY_DEEP : random.length(DEEPEST), random);
    case 1:
      return JSON.stringify(randomText(random, random.length(LONGEST_TEXT)));
    case 2:
      return typeof value === 'string'
        ? JSON.stringify(damagedText(random, value))
        : String(random.below(100_000) - 1_000);
    case 3:
      return JSON.stringify([value, value]);
    default:
      return random.of(NASTY_LITERALS);
  }
}

function nested(depth: number, random: Random): string {
  const [open, close] = random.of([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"error":', '}'],
    ['{"message":', '}'],
  ] as const);
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

const PIECES = [
  'a',
  ' ',
  '\n',
  '/',
  '..',
  '%',
  '%00',
  ':',
  'é',
  '漢',
  '😀',
  '\u0000',
  '\u200b',
  '\ud83d',
  '<',
  '"',
  "'",
  '$',
  '{',
  '(',
];

export function randomText(random: Random, length: number): string {
  const piece = random.of(PIECES);
  return random.once(3)
    ? piece.repeat(length)
    : Array.from({ length: Math.min(length, 200) }, () => random.of(PIECES)).join('');
}
