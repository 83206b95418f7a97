import { TroubleError } from '../../../common/troubleError.ts';

export const MAX_ROWS = 2 ** 24;

interface Limits {
  readonly least: number;
  /** Default `MAX_ROWS`. */
  readonly most?: number;
}

/** The options of a cache, such as "window=32,kernel=5". Its methods throw `TroubleError` 'invalid-input'. */
export class CacheOptions {
  /** The options that are not read yet, so that unknown options are left. */
  readonly #unread: Map<string, string>;

  /** `text`: the whole cache, for messages. `list`: its options. */
  constructor(
    private readonly text: string,
    list: string | undefined,
  ) {
    this.#unread = readPairs(text, list);
  }

  isUnread(name: string): boolean {
    return this.#unread.has(name);
  }

  number(name: string, fallback: number, limits: Limits): number {
    const value = this.#take(name);
    return value === undefined ? fallback : wholeNumber(this.text, name, value, limits);
  }

  word<Word extends string>(name: string, fallback: Word, words: readonly Word[]): Word {
    const value = this.#take(name);
    const word = value === undefined ? fallback : words.find((candidate) => candidate === value);
    if (word === undefined)
      throw new TroubleError(
        'invalid-input',
        `${name} of the cache "${this.text}" must be one of ${words.join(', ')}; got "${value}".`,
      );
    return word;
  }

  assertNoneLeft(): void {
    const [unknown] = this.#unread.keys();
    if (unknown !== undefined)
      throw new TroubleError('invalid-input', `The cache "${this.text}" has no option "${unknown}".`);
  }

  #take(name: string): string | undefined {
    const value = this.#unread.get(name);
    this.#unread.delete(name);
    return value;
  }
}

function readPairs(text: string, list: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of list?.split(',') ?? []) {
    const [, name, value] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new TroubleError(
        'invalid-input',
        `"${pair}" in the cache "${text}" is no option; write it as "window=32".`,
      );
    if (pairs.has(name))
      throw new TroubleError('invalid-input', `The cache "${text}" has the option "${name}" twice; leave out one.`);
    pairs.set(name, value);
  }
  return pairs;
}

/** Returns the number in `value`, which belongs to `name`. Throws `TroubleError` 'invalid-input' outside the limits. */
export function wholeNumber(text: string, name: string, value: string, { least, most = MAX_ROWS }: Limits): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new TroubleError(
    'invalid-input',
    `${name} of the cache "${text}" must be a whole number from ${least} to ${most}; got "${value}".`,
  );
}
