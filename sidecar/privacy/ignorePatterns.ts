import { segmentsOf, type SegmentPattern } from './segmentPattern.ts';

/** More patterns than a person writes into one file. */
const MAX_PATTERNS = 10_000;
/** The longest path, in UTF-16 units. */
const MAX_PATTERN_UNITS = 4_096;
/** The total length of all patterns with wildcards: the most steps for one character of a path. */
const MAX_WILDCARD_UNITS = 64 * 1024;
const MAX_PATH_UNITS = 4_096;
const MAX_PATH_FOLDERS = 256;
/** The most steps for one path: some tenths of a second. Rules that people write take a thousandth of it. */
export const MAX_PATH_STEPS = 2 ** 27;

/** There are too many patterns, or they are too long. */
export class IgnorePatternsError extends RangeError {
  override readonly name = 'IgnorePatternsError';
}

interface Pattern {
  readonly isNegated: boolean;
  readonly isForFolders: boolean;
  /** A pattern without a slash applies to the last name of a path, at any depth. */
  readonly isForName: boolean;
  readonly segments: readonly SegmentPattern[];
}

export interface IgnorePatternsOptions {
  readonly ignoreCase: boolean;
}

/** Returns whether patterns can be applied to a path: it is relative, has no "." or "..", and is not too long. */
export function isPlainPath(path: string): boolean {
  const names = path.split('/');
  return (
    path.length <= MAX_PATH_UNITS &&
    names.length <= MAX_PATH_FOLDERS &&
    names.every((name) => name !== '' && name !== '.' && name !== '..')
  );
}

/**
 * Patterns in the syntax of `.gitignore`, as git reads them. The work for a path is bounded for any patterns: nothing
 * is tried twice in all combinations.
 */
export class IgnorePatterns {
  readonly #patterns: readonly Pattern[];
  readonly #fold: (text: string) => string;
  readonly #wildcardUnits: number;

  /** `lines` has one pattern each; later patterns override earlier ones. Throws `IgnorePatternsError`. */
  constructor(lines: readonly string[], { ignoreCase }: IgnorePatternsOptions) {
    this.#fold = ignoreCase ? (text) => text.toLowerCase() : (text) => text;
    const patterns: Pattern[] = [];
    let wildcardUnits = 0;
    for (const line of lines) {
      for (const pattern of parse(line, this.#fold)) {
        wildcardUnits += wildcardUnitsOf(pattern.segments);
        patterns.push(pattern);
      }
      if (patterns.length > MAX_PATTERNS) throw new IgnorePatternsError(`more than ${MAX_PATTERNS} patterns`);
      if (wildcardUnits > MAX_WILDCARD_UNITS)
        throw new IgnorePatternsError(`more than ${MAX_WILDCARD_UNITS} characters in patterns with wildcards`);
    }
    this.#patterns = patterns;
    this.#wildcardUnits = wildcardUnits;
  }

  /** Reads the patterns of a text, one a line. Throws `IgnorePatternsError`. */
  static ofText(text: string, options: IgnorePatternsOptions): IgnorePatterns {
    return new IgnorePatterns(text.replace(/^\ufeff/, '').split(/\r?\n/), options);
  }

  /** Returns the most steps that `verdict` takes for a path. Callers use it to bound repeated calls. */
  stepsFor(path: string): number {
    return this.#patterns.length + this.#wildcardUnits * path.length;
  }

  /**
   * Returns the verdict of the last pattern that matches a plain path, regardless of the folders above it. `undefined`
   * if no pattern matches.
   */
  verdict(path: string, kind: 'file' | 'folder'): 'ignored' | 'kept' | undefined {
    const names = this.#fold(path).split('/');
    const found = this.#patterns.findLast(
      (pattern) => (kind === 'folder' || !pattern.isForFolders) && fits(pattern, names),
    );
    return found && (found.isNegated ? 'kept' : 'ignored');
  }
}

function parse(line: string, fold: (text: string) => string): readonly Pattern[] {
  if (line.length > MAX_PATTERN_UNITS)
    throw new IgnorePatternsError(`a pattern of ${line.length} characters, expected at most ${MAX_PATTERN_UNITS}`);
  if (line.startsWith('#')) return [];
  const trimmed = withoutBlanksAtEnd(line);
  const isNegated = trimmed.startsWith('!');
  const whole = isNegated ? trimmed.slice(1) : trimmed;
  const isForFolders = whole.endsWith('/');
  const pattern = isForFolders ? whole.slice(0, -1) : whole;
  if (pattern === '') return [];
  const isForName = !pattern.includes('/');
  return (isForName ? [pattern] : withoutGlobstarsInNames(pattern.replace(/^\//, ''))).flatMap((each) => {
    const segments = segmentsOf(each, fold);
    return segments ? [{ isNegated, isForFolders, isForName, segments }] : [];
  });
}

/**
 * To git, the first globstar of a path also counts behind a name without wildcards. `ab**` before `/c` matches `abc`,
 * and every path that begins with `ab` and ends in `/c`.
 */
function withoutGlobstarsInNames(pattern: string): readonly string[] {
  const found = /^([^*?[\\]*[^*?[\\/])(?:\*{2,}\/)*\*{2,}(\/|$)/.exec(pattern);
  if (!found) return [pattern];
  const [matched, name = '', end] = found;
  if (end === '') return [`${name}*`, `${name}*/**`];
  const rest = pattern.slice(matched.length);
  return [...withoutGlobstarsInNames(name + rest), `${name}*/**/${rest}`];
}

/** A blank after a backslash stays. */
function withoutBlanksAtEnd(line: string): string {
  let end = line.length;
  while (line[end - 1] === ' ') end--;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === '\\') backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

function wildcardUnitsOf(segments: readonly SegmentPattern[]): number {
  return segments.some(({ hasWildcards }) => hasWildcards)
    ? segments.reduce((units, { length }) => units + length + 1, 0)
    : 0;
}

function fits({ segments, isForName }: Pattern, names: readonly string[]): boolean {
  return isForName ? (segments[0]?.matches(names.at(-1) as string) ?? false) : fitsFolders(segments, names);
}

/**
 * Follows all places in the pattern that the names so far may have reached, so that each name is compared with each
 * segment once.
 */
function fitsFolders(segments: readonly SegmentPattern[], names: readonly string[]): boolean {
  // Most patterns are about other folders or names.
  if (isOther(segments[0], names[0]) || isOther(segments.at(-1), names.at(-1))) return false;
  let places = new Set([0]);
  for (const name of names) {
    const next = new Set<number>();
    for (const place of places) {
      const segment = segments[place];
      if (segment?.isGlobstar) {
        next.add(place);
        if (place === segments.length - 1) next.add(place + 1);
        // The globstar may match no folder.
        else places.add(place + 1);
      } else if (segment?.matches(name)) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(segments.length);
}

function isOther(segment: SegmentPattern | undefined, name: string | undefined): boolean {
  return segment?.literal !== undefined && segment.literal !== name;
}
