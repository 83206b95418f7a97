import { bracketedOf } from './bracketed.ts';
import { locateBracketed } from './bracketedFile.ts';
import {
  firstLineOf,
  indentationOf,
  isSame,
  linesOf,
  unitAt,
  unitsOf,
  type CodeUnit,
  type LineSpan,
} from './codeUnits.ts';
import { startOfHead, endOfTail } from './edgesOfCode.ts';

/**
 * Where in a file a block of code from an answer belongs: the lines that it is a new version of, from the first of its
 * parts that stands in the file to the end of the last. `undefined` when the file has no such place, or several, or
 * when code of the file that the block leaves out stands there.
 */
export function locateCode(fileText: string, code: string): LineSpan | undefined {
  const file = linesOf(fileText);
  const block = linesOf(code);
  // The parts within such brackets are found where the file has none around them, and the block would bring them.
  const bracketed = bracketedOf(block);
  if (bracketed) return hasGap(file, block, bracketed) ? undefined : locateBracketed(file, block, bracketed);
  const margin = indentationOf(block[firstLineOf(block) ?? 0] ?? '');
  const parts = unitsOf(block, margin);
  const place = placeOfFirst(file, parts, margin);
  if (!place) return undefined;
  const scope = scopeOf(file, place.line);
  const around = unitsOf(file, indentationOf(file[place.line] ?? ''), scope);
  const shared = sharedSpan(place, parts, around);
  if (!shared || leavesOut(parts, around, shared.inFile) || hasGap(file, block, shared.inBlock)) return undefined;
  return {
    start: startOfHead(file, around, block, parts.slice(0, place.part), shared.inFile.start),
    end: endOfTail(file, block, parts, shared.inFile.end),
  };
}

interface Place {
  /** Index of the block's part. */
  readonly part: number;
  /** Where it begins in the file. */
  readonly line: number;
}

/**
 * The first part that stands in the file. Imports and declarations before it are new; where other code is new, the
 * block is no version of any.
 */
function placeOfFirst(file: readonly string[], parts: readonly CodeUnit[], margin: number): Place | undefined {
  const units = file.flatMap((_, line) => unitAt(file, line) ?? []);
  const level = ({ start }: CodeUnit): number => indentationOf(file[start] ?? '');
  let isFirst = true;
  for (const [part, unit] of parts.entries()) {
    if (unit.kind === 'head') continue;
    const places = placesOf(unit, units);
    const copies = copiesOf(unit, parts);
    const isOne =
      unit.kind === 'import' ||
      (places.length <= copies && places.every((each) => level(each) === level(places[0] ?? unit)));
    // A place with other parts of the block below it is no variable of the same name inside of a function.
    const isAbove = (each: CodeUnit, other: CodeUnit): boolean =>
      other !== unit && placesOf(other, units).some((below) => below.start > each.start && level(below) === margin);
    const withOthers = places.filter((each) => level(each) === margin && parts.some((other) => isAbove(each, other)));
    const place = isOne ? places[0] : withOthers.length <= copies ? withOthers[0] : undefined;
    // Behind code that the file does not have such a variable tells little, even alone.
    if (place)
      return isFirst || level(place) === margin || place.end - place.start > 1
        ? { part, line: place.start }
        : undefined;
    if (unit.kind === 'statement' || places.length > 0) return undefined;
    isFirst = false;
  }
  return undefined;
}

/** The lines around one that belong to the same block as it: of a method, its class. */
function scopeOf(file: readonly string[], line: number): LineSpan {
  const level = indentationOf(file[line] ?? '');
  const isOutside = (each: string): boolean =>
    each.trim() !== '' && indentationOf(each) < level && !/^\s*(?:#|(?:public|private|protected)\s*:)/.test(each);
  const after = file.findIndex((each, index) => index > line && isOutside(each));
  return {
    start: file.findLastIndex((each, index) => index < line && isOutside(each)) + 1,
    end: after < 0 ? file.length : after,
  };
}

/**
 * Where a part stands; of methods with one name and imports from one module only those that are the same letter for
 * letter, if any.
 */
function placesOf(part: CodeUnit, units: readonly CodeUnit[]): readonly CodeUnit[] {
  const places = units.filter((unit) => unit.kind !== 'head' && isSame(unit, part));
  const exact = places.filter(({ text }) => text === part.text);
  return (part.kind === 'import' || part.name?.endsWith('()')) && exact.length > 0 ? exact : places;
}

const copiesOf = (part: CodeUnit, parts: readonly CodeUnit[]): number =>
  parts.filter((each) => isSame(each, part)).length;

/**
 * From the first to the last part that both have; `undefined` where the file has one before the first, or more often
 * than the block.
 */
function sharedSpan(
  place: Place,
  parts: readonly CodeUnit[],
  around: readonly CodeUnit[],
): { readonly inFile: LineSpan; readonly inBlock: LineSpan } | undefined {
  let [start, end, endInBlock] = [place.line, place.line, 0];
  for (const part of parts.slice(place.part)) {
    if (part.kind === 'head') continue;
    const places = placesOf(part, around);
    if (part.kind === 'import') start = Math.min(start, ...places.map((each) => each.start));
    else if (places.length > copiesOf(part, parts)) {
      // Statements such as `x();` are often there several times, and tell no place then.
      if (part.kind === 'statement') continue;
      return undefined;
    }
    if (places.some((each) => each.start < start)) return undefined;
    end = Math.max(end, ...places.map((each) => each.end));
    if (places.length > 0) endInBlock = part.end;
  }
  return { inFile: { start, end }, inBlock: { start: parts[place.part]?.start ?? 0, end: endInBlock } };
}

/**
 * Whether the span holds code that the block says nothing of: it has some declarations of a file, and not those
 * between. Where it has the first and the last part and most declarations it is the whole file, and what is missing was
 * taken out.
 */
function leavesOut(parts: readonly CodeUnit[], around: readonly CodeUnit[], { start, end }: LineSpan): boolean {
  const units = around.filter(({ kind }) => kind !== 'head');
  const inside = units.filter((unit) => unit.start >= start && unit.start < end);
  const spokenOf = new Set(parts.flatMap((part) => placesOf(part, around)));
  const missing = inside.filter((unit) => !spokenOf.has(unit));
  const count = (some: readonly CodeUnit[], ...kinds: readonly CodeUnit['kind'][]): number =>
    some.filter(({ kind }) => kinds.includes(kind)).length;
  if (inside.length === units.length) {
    const lost = count(missing, 'declaration');
    return lost > 0 && lost >= count(inside, 'declaration') - lost;
  }
  const added = parts.filter((part) => !around.some((unit) => isSame(part, unit)));
  return count(missing, 'declaration', 'import') > 0 || count(missing, 'statement') > count(added, 'statement');
}

/**
 * Whether the block says by "..." that it leaves out some of what it stands for. Such a line of the file itself is
 * none.
 */
function hasGap(file: readonly string[], block: readonly string[], { start, end }: LineSpan): boolean {
  const known = new Set(file.map((line) => line.trim()));
  const margin = indentationOf(block[start] ?? '');
  return block.slice(start, end).some((line) => {
    const isMark =
      /^\s*(?:\/\/|\{?\s*\/\*|#|--|<!--)\s*(?:\.\.\.|…)/.test(line) ||
      (/^\s*(?:\.\.\.|…)\s*$/.test(line) && indentationOf(line) <= margin);
    return isMark && !known.has(line.trim());
  });
}
