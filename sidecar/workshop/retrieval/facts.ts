import type { Random } from '../train/random.ts';

/** Something that a context says once, and that can be asked for. */
export interface Fact {
  /** A line, without its end. */
  readonly statement: string;
  /** What a model is to continue with the value, without the space between. */
  readonly question: string;
  /** Five digits, the first no zero. */
  readonly value: string;
}

/** A constant before it is known of which language the file is that will define it. */
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

/** How many constants can be told apart by their names. */
export const MOST_CONSTANTS = FIRST_WORDS.length * SECOND_WORDS.length;

/** How a language defines a constant. */
const definitions: Readonly<Record<string, { readonly before: string; readonly after: string } | undefined>> = {
  '.py': { before: '', after: '' },
  '.rb': { before: '', after: '' },
  '.go': { before: 'const ', after: '' },
};

/**
 * Constants whose names and values all differ, at most `MOST_CONSTANTS`; names share a word only where there are more
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

/** A constant's definition in a file whose name ends so (".ts"), and the beginning of it that asks for the value. */
export function definitionOf({ name, value }: Constant, ending: string): Fact {
  const { before, after } = definitions[ending] ?? { before: 'const ', after: ';' };
  const question = `${before}${name} =`;
  return { statement: `${question} ${value}${after}`, question, value };
}

/** A sentence that has nothing to do with what stands around it. */
export function makeNeedle(random: Random): Fact {
  return needleOf(`The secret number of ${CITIES[random.below(CITIES.length)] as string}`, random);
}

/** Several of them, each about something of its own, at most as many as there are such things. */
export function makeNeedles(count: number, random: Random): readonly Fact[] {
  return [...random.order(NUMBERED.length)].slice(0, count).map((index) => needleOf(NUMBERED[index] as string, random));
}

function needleOf(subject: string, random: Random): Fact {
  const question = `${subject} is`;
  const value = makeValue(random);
  return { statement: `${question} ${value}.`, question, value };
}

/** Whether a continuation begins with the value, and not with a longer number. */
export function isRecalled(continuation: string, value: string): boolean {
  const said = continuation.trimStart();
  return said.startsWith(value) && !/^\d/.test(said.slice(value.length));
}

function makeValue(random: Random): string {
  return String(10_000 + random.below(90_000));
}
