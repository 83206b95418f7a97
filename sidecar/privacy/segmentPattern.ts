/** A `*`: any characters but slashes. */
export const STAR = Symbol('*');

type Matcher = (character: string) => boolean;
type Token = string | typeof STAR | Matcher;

/**
 * The part of a `.gitignore` pattern between two slashes: `*`, `?`, `[…]` and `\`, as git's wildmatch reads them. A
 * match takes at most as many steps as the pattern's characters times the name's, since only the last `*` reached is
 * ever tried again.
 */
export class SegmentPattern {
  /** Whether the segment matches any number of folders. */
  readonly isGlobstar: boolean;
  /** The only name that the segment matches, if it has no wildcards. */
  readonly literal: string | undefined;
  readonly #tokens: readonly Token[];

  /** `classMembers` is the number of members of the classes among the tokens. */
  constructor(
    tokens: readonly Token[],
    private readonly classMembers = 0,
  ) {
    this.isGlobstar = tokens.length > 1 && tokens.every((token) => token === STAR);
    this.#tokens = tokens.filter((token, index) => token !== STAR || tokens[index - 1] !== STAR);
    this.literal = tokens.every((token) => typeof token === 'string') ? tokens.join('') : undefined;
  }

  get hasWildcards(): boolean {
    return this.literal === undefined;
  }

  /** The most comparisons for a character of a name: tokens and members of classes. */
  get length(): number {
    return this.#tokens.length + this.classMembers;
  }

  matches(name: string): boolean {
    if (this.literal !== undefined) return this.literal === name;
    const tokens = this.#tokens;
    let [token, character] = [0, 0];
    let [behindStar, starCharacter] = [0, 0];
    while (character < name.length) {
      if (tokens[token] === STAR) {
        [behindStar, starCharacter] = [++token, character];
      } else if (matchesOne(tokens[token], name[character] as string)) {
        token++;
        character++;
      } else if (behindStar > 0) {
        token = behindStar;
        character = ++starCharacter;
      } else {
        return false;
      }
    }
    if (tokens[token] === STAR) token++;
    return token === tokens.length;
  }
}

function matchesOne(token: Token | undefined, character: string): boolean {
  return typeof token === 'function' ? token(character) : token === character;
}

/**
 * Returns the segments of a pattern. `undefined` if git ignores the pattern, because a class never ends or a backslash
 * escapes nothing. `fold` is the folding that names get too.
 */
export function segmentsOf(pattern: string, fold: (text: string) => string): readonly SegmentPattern[] | undefined {
  const segments: Token[][] = [[]];
  const classMembers: number[] = [0];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] as string;
    const escaped = character === '\\' ? pattern[++index] : undefined;
    if (character === '\\' && escaped === undefined) return undefined;
    const literal = escaped ?? character;
    if (literal === '/') {
      segments.push([]);
      classMembers.push(0);
    } else if (escaped !== undefined) segments.at(-1)?.push(fold(escaped));
    else if (character === '*') segments.at(-1)?.push(STAR);
    else if (character === '?') segments.at(-1)?.push(() => true);
    else if (character === '[') {
      const found = readClass(pattern, index, fold);
      if (found === undefined) return undefined;
      segments.at(-1)?.push(found.matches);
      classMembers[segments.length - 1]! += found.members;
      index = found.end;
    } else segments.at(-1)?.push(fold(character));
  }
  return segments.map((tokens, index) => new SegmentPattern(tokens, classMembers[index]));
}

const ASCII_CLASSES: ReadonlyMap<string | undefined, RegExp> = new Map(
  Object.entries({
    alnum: /[0-9A-Za-z]/,
    alpha: /[A-Za-z]/,
    blank: /[ \t]/,
    cntrl: /\p{Cc}/u,
    digit: /[0-9]/,
    graph: /[!-~]/,
    lower: /[a-z]/,
    print: /[ -~]/,
    punct: /[!-/:-@[-`{-~]/,
    space: /[ \t\n\r]/,
    upper: /[A-Z]/,
    xdigit: /[0-9A-Fa-f]/,
  }),
);

/**
 * Reads the class that begins at `start`, as git does; `end` is the index of its `]`. `undefined` if the class never
 * ends, or names a class that does not exist.
 */
function readClass(
  pattern: string,
  start: number,
  fold: (text: string) => string,
): { readonly end: number; readonly members: number; readonly matches: Matcher } | undefined {
  const isNegated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const members: Matcher[] = [];
  let index = start + (isNegated ? 2 : 1);
  let previous: string | undefined;
  for (let isFirst = true; isFirst || pattern[index] !== ']'; isFirst = false, index++) {
    let character = pattern[index];
    const named = character === '[' ? /^\[:([a-z]*):\]/.exec(pattern.slice(index, index + 16)) : undefined;
    if (named) {
      const characters = ASCII_CLASSES.get(named[1]);
      if (!characters) return undefined;
      members.push((each) => characters.test(each));
      index += named[0].length - 1;
      previous = undefined;
      continue;
    }
    if (character === '-' && previous !== undefined && pattern[index + 1] !== undefined && pattern[index + 1] !== ']') {
      const last = pattern[++index] === '\\' ? pattern[++index] : pattern[index];
      const first = previous;
      if (last === undefined) return undefined;
      members.push((each) => first <= each && each <= last);
      previous = undefined;
      continue;
    }
    if (character === '\\') character = pattern[++index];
    if (character === undefined) return undefined;
    const member = character;
    members.push((each) => each === member);
    previous = member;
  }
  const isMember = (character: string): boolean => members.some((matches) => matches(character));
  const isFolding = fold('A') === 'a';
  return {
    end: index,
    members: members.length,
    matches: (character) => (isMember(character) || (isFolding && isMember(character.toUpperCase()))) !== isNegated,
  };
}
