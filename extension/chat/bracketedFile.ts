import { parseJson } from '../../sidecar/common/parseJson.ts';
import { bracketedOf, isClosed, partsOf, type Bracketed } from './bracketed.ts';
import { indentationOf, isPartOfBlock, type LineSpan } from './codeUnits.ts';

/** What stands for what was left out, where there are no statements. */
const GAP = /^(?:\.\.\.|…),?$|[{[]\s*(?:\/\*\s*)?(?:\.\.\.|…)\s*(?:\*\/\s*)?[}\]]/;
const KEY = /^"(?:[^"\\]|\\.)*"$/;

/**
 * The lines of a file that a block in brackets (`version`: of the block) takes the place of. Of a file in brackets all,
 * but for comments above where the block has none; of another the one scope within that the block is a full version of,
 * as a function's body, with its brackets. `undefined` where the block is no full version: where it does not have the
 * first and last part and most others, something was left out rather than taken out.
 */
export function locateBracketed(
  file: readonly string[],
  block: readonly string[],
  version: Bracketed,
): LineSpan | undefined {
  if (!isClosed(version)) return undefined;
  const known = new Set(file.map((line) => line.trim()));
  if (block.some((line) => GAP.test(line.trim()) && !known.has(line.trim()))) return undefined;
  const hasHead = block.slice(0, version.start).some((line) => line.trim() !== '');
  const whole = emptyOf(file, version) ?? ofOneLine(file) ?? bracketedOf(file);
  if (whole && isClosed(whole))
    return isVersionOf(version, whole) ? { start: hasHead ? 0 : whole.start, end: whole.end } : undefined;
  // What stands above a scope is its function, and no comment.
  return hasHead ? undefined : scopeOf(file, version);
}

/** A file of nothing but the brackets, which may stand on one line. */
function emptyOf(file: readonly string[], { opening, closing }: Bracketed): Bracketed | undefined {
  if (file.join('').replaceAll(/\s/g, '') !== opening + closing) return undefined;
  return { start: file.findIndex(isText), end: file.findLastIndex(isText) + 1, opening, closing, parts: [] };
}

/** A file of JSON on one line, with the parts that it has on several. */
function ofOneLine(file: readonly string[]): Bracketed | undefined {
  const start = file.findIndex(isText);
  if (start < 0 || file.findLastIndex(isText) !== start) return undefined;
  try {
    const whole = bracketedOf(JSON.stringify(parseJson(file[start] ?? ''), undefined, 2).split('\n'));
    return whole && { ...whole, start, end: start + 1 };
  } catch {
    return undefined;
  }
}

const isText = (line: string): boolean => line.trim() !== '';
const isWithin = (line: string, margin: number): boolean =>
  !isText(line) || indentationOf(line) > margin || isPartOfBlock(line);

/** The one scope of a file that `version` is one of; objects of a list have the same keys and tell no place. */
function scopeOf(file: readonly string[], version: Bracketed): LineSpan | undefined {
  if (version.parts.some((part) => KEY.test(part))) return undefined;
  const scopes = file.flatMap((line, start) =>
    line.trim() === version.opening ? (scopeAt(file, start, version) ?? []) : [],
  );
  const places = scopes.filter((scope) => isVersionOf(version, scope) && sharesMuch(version, scope));
  return places.length === 1 ? places[0] : undefined;
}

/** The scope that a line opens, up to the line that closes it and does nothing else. */
function scopeAt(file: readonly string[], start: number, { opening, closing }: Bracketed): Bracketed | undefined {
  const margin = indentationOf(file[start] ?? '');
  let last = start + 1;
  while (last < file.length && isWithin(file[last] ?? '', margin)) last += 1;
  const line = file[last] ?? '';
  if (indentationOf(line) !== margin || line.trim() !== closing) return undefined;
  return { start, end: last + 1, opening, closing, parts: partsOf(file.slice(start + 1, last)) };
}

/** One statement in common, such as a `return`, tells little of a long block. */
function sharesMuch({ parts }: Bracketed, scope: Bracketed): boolean {
  const shared = scope.parts.length - missingIn(parts, scope.parts).length;
  return shared > 1 || (shared === 1 && parts.length <= 2);
}

function isVersionOf(version: Bracketed, whole: Bracketed): boolean {
  if (whole.opening !== version.opening || whole.closing !== version.closing) return false;
  const missing = missingIn(version.parts, whole.parts);
  const isLost = (index: number): boolean => missing.includes(index) && !isChanged(index, version, whole);
  return !isLost(0) && !isLost(whole.parts.length - 1) && missing.length * 2 <= whole.parts.length;
}

/** Whether the part in a missing one's place is another version of it: of keys it is another key. */
function isChanged(index: number, version: Bracketed, whole: Bracketed): boolean {
  const part = version.parts[index];
  return (
    part !== undefined &&
    version.parts.length === whole.parts.length &&
    !whole.parts.includes(part) &&
    !(version.opening.endsWith('{') && KEY.test(part))
  );
}

/** Indices of the wanted parts that are not among `parts`, or not as often. */
function missingIn(parts: readonly string[], wanted: readonly string[]): number[] {
  const rest = new Map<string, number>();
  for (const part of parts) rest.set(part, (rest.get(part) ?? 0) + 1);
  return wanted.flatMap((part, index) => {
    const count = rest.get(part) ?? 0;
    rest.set(part, count - 1);
    return count > 0 ? [] : [index];
  });
}
