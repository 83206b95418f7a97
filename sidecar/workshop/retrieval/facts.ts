import type { Random } from '../train/random.ts';

/** A statement that occurs once in a context and that a question can ask for. */
export interface Fact {
  /** A line, without its end. */
  readonly statement: string;
  /** The model should continue it with a space and the value. */
  readonly question: string;
  /** Five digits, of which the first is not zero. */
  readonly value: string;
}

/** A constant before the language of its file is known. */
export interface Constant {
  readonly name: string;
  readonly value: string;
}

const FIRST_WORDS = [
  'TIMEOUT',
  'RETRY',
  'BUFFER',
  'QUEUE',
  'CACHE',
  'WORKER',
  'SESSION',
  'PACKET',
  'BATCH',
  'CURSOR',
  'SOCKET',
  'WINDOW',
  'RENDER',
  'INDEX',
  'UPLOAD',
  'TOKEN',
  'MARGIN',
  'BILLING',
  'SEARCH',
  'REPORT',
] as const;
const SECOND_WORDS = [
  'ORANGE',
  'COPPER',
  'MAPLE',
  'FALCON',
  'GRANITE',
  'VELVET',
  'COMET',
  'HARBOR',
  'LANTERN',
  'CEDAR',
  'ONYX',
  'SAFFRON',
  'TUNDRA',
  'PEPPER',
  'QUARTZ',
  'RAVEN',
  'SUMMIT',
  'THISTLE',
  'WALNUT',
  'ZEPHYR',
] as const;
const CITIES = [
  'Lisbon',
  'Nairobi',
  'Oslo',
  'Lima',
  'Prague',
  'Hanoi',
  'Quito',
  'Dublin',
  'Cairo',
  'Seoul',
  'Athens',
  'Havana',
  'Vienna',
  'Jakarta',
  'Tunis',
  'Warsaw',
  'Bogota',
  'Helsinki',
  'Manila',
  'Tbilisi',
] as const;

const NUMBERED = [
  'The secret number of Lisbon',
  'The serial number of the old locomotive',
  'The telephone number of the night porter',
  'The catalogue number of the blue vase',
  'The price of the northern farm',
  'The weight of the bronze bell',
  'The licence of the ferry captain',
  'The combination of the bank vault',
] as const;

/** The number of constants with different names. */
export const MOST_CONSTANTS = FIRST_WORDS.length * SECOND_WORDS.length;

/** How a language defines a constant. */
const definitions: Readonly<Record<string, { readonly before: string; readonly after: string } | undefined>> = {
  '.py': { before: '', after: '' },
  '.rb': { before: '', after: '' },
  '.go': { before: 'const ', after: '' },
};

/**
 * Makes at most `MOST_CONSTANTS` constants with different names and values. Names share a word only if there are more
 * of them than words.
 */
export function makeConstants(count: number, random: Random): readonly Constant[] {
  const [firsts, seconds] = [random.order(FIRST_WORDS.length), random.order(SECOND_WORDS.length)];
  const nameOf = (index: number): string => {
    const [round, place] = [Math.floor(index / firsts.length), index % firsts.length];
    return `${FIRST_WORDS[firsts[place] as number] as string}_${SECOND_WORDS[seconds[(place + round) % seconds.length] as number] as string}`;
  };
  const values = new Set<string>();
  while (values.size < count) values.add(makeValue(random));
  return [...values].map((value, index) => ({ name: nameOf(index), value }));
}

/**
 * The definition of a constant in a file with this ending (such as ".ts"), and its beginning, which asks for the value.
 */
export function definitionOf({ name, value }: Constant, ending: string): Fact {
  const { before, after } = definitions[ending] ?? { before: 'const ', after: ';' };
  const question = `${before}${name} =`;
  return { statement: `${question} ${value}${after}`, question, value };
}

/** Makes a sentence that is unrelated to its surroundings. */
export function makeNeedle(random: Random): Fact {
  return needleOf(`The secret number of ${CITIES[random.below(CITIES.length)] as string}`, random);
}

/** Makes several such sentences about different things, at most as many as there are things. */
export function makeNeedles(count: number, random: Random): readonly Fact[] {
  return [...random.order(NUMBERED.length)].slice(0, count).map((index) => needleOf(NUMBERED[index] as string, random));
}

function needleOf(subject: string, random: Random): Fact {
  const question = `${subject} is`;
  const value = makeValue(random);
  return { statement: `${question} ${value}.`, question, value };
}

/** Whether a continuation begins with the value and not with a longer number. */
export function isRecalled(continuation: string, value: string): boolean {
  const said = continuation.trimStart();
  return said.startsWith(value) && !/^\d/.test(said.slice(value.length));
}

function makeValue(random: Random): string {
  return String(10_000 + random.below(90_000));
}
