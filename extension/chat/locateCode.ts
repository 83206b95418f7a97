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
 * Returns the lines of a file that a block of code from an answer is a new version of. They reach from the first of its
 * parts that the file contains to the end of the last. Returns `undefined` if the file has no such place or several, or
 * if the block omits code of the file in between.
 */
export function locateCode(fileText: string, code: string): LineSpan | undefined {
  const file = linesOf(fileText);
  const block = linesOf(code);
  // The parts within these brackets would be found even if the file has no brackets, and the block would add them.
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
  /** The index of the block's part. */
  readonly part: number;
  /** The line where the part begins in the file. */
  readonly line: number;
}

/**
 * The first part that the file contains. Imports and declarations before it are new. If other code comes first, the
 * block is no version of any part.
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
    // A place with other parts of the block below it is not a variable of the same name inside a function.
    const isAbove = (each: CodeUnit, other: CodeUnit): boolean =>
      other !== unit && placesOf(other, units).some((below) => below.start > each.start && level(below) === margin);
    const withOthers = places.filter((each) => level(each) === margin && parts.some((other) => isAbove(each, other)));
    const place = isOne ? places[0] : withOthers.length <= copies ? withOthers[0] : undefined;
    // After code that the file lacks, such a variable proves little, even if it is unique.
    if (place)
      return isFirst || level(place) === margin || place.end - place.start > 1
        ? { part, line: place.start }
        : undefined;
    if (unit.kind === 'statement' || places.length > 0) return undefined;
    isFirst = false;
  }
  return undefined;
}

/** The lines around `line` in the same block, for example all lines of a method's class. */
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
 * The places of a part. For methods of one name and imports from one module only exact matches count, if there are any.
 */
function placesOf(part: CodeUnit, units: readonly CodeUnit[]): readonly CodeUnit[] {
  const places = units.filter((unit) => unit.kind !== 'head' && isSame(unit, part));
  const exact = places.filter(({ text }) => text === part.text);
  return (part.kind === 'import' || part.name?.endsWith('()')) && exact.length > 0 ? exact : places;
}

const copiesOf = (part: CodeUnit, parts: readonly CodeUnit[]): number =>
  parts.filter((each) => isSame(each, part)).length;

/**
 * The span from the first to the last part that file and block share. Returns `undefined` if the file has a shared part
 * before the first, or has one more often than the block.
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
      // Statements such as `x();` often occur several times and then mark no place.
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
 * Returns whether the span holds code that the block omits, such as declarations between others that it has. If the
 * block has the first and last part and most declarations, it is the whole file. Then the missing parts were deleted.
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

/** Returns whether the block marks omitted code with "...". A line that the file itself contains is no such mark. */
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
