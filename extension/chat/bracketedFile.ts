import { parseJson } from '../../sidecar/common/parseJson.ts';
import { bracketedOf, isClosed, partsOf, type Bracketed } from './bracketed.ts';
import { indentationOf, isPartOfBlock, type LineSpan } from './codeUnits.ts';

/** Marks of omitted lines in text without statements. */
const GAP = /^(?:\.\.\.|…),?$|[{[]\s*(?:\/\*\s*)?(?:\.\.\.|…)\s*(?:\*\/\s*)?[}\]]/;
const KEY = /^"(?:[^"\\]|\\.)*"$/;

/**
 * Returns the lines of a file that a bracketed block replaces. `version` describes the brackets of the block.
 *
 * In a bracketed file it replaces all lines, except comments above the brackets if the block has none. In any other
 * file it replaces the one scope that the block is a full version of, such as a function's body with its brackets.
 *
 * Returns `undefined` if the block is no full version. A full version has the first, the last and at least half of the
 * parts. Otherwise parts were omitted from the block, not deleted.
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
  // The text above a scope is its function's signature, not a comment.
  return hasHead ? undefined : scopeOf(file, version);
}

/** A file that contains only the brackets, possibly on one line. */
function emptyOf(file: readonly string[], { opening, closing }: Bracketed): Bracketed | undefined {
  if (file.join('').replaceAll(/\s/g, '') !== opening + closing) return undefined;
  return { start: file.findIndex(isText), end: file.findLastIndex(isText) + 1, opening, closing, parts: [] };
}

/** A one-line file of JSON, with the parts that it would have on several lines. */
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

/** The only scope of a file that `version` matches. Objects of a list have the same keys, so keys identify no place. */
function scopeOf(file: readonly string[], version: Bracketed): LineSpan | undefined {
  if (version.parts.some((part) => KEY.test(part))) return undefined;
  const scopes = file.flatMap((line, start) =>
    line.trim() === version.opening ? (scopeAt(file, start, version) ?? []) : [],
  );
  const places = scopes.filter((scope) => isVersionOf(version, scope) && sharesMuch(version, scope));
  return places.length === 1 ? places[0] : undefined;
}

/** The scope that a line opens, up to the line that only closes it. */
function scopeAt(file: readonly string[], start: number, { opening, closing }: Bracketed): Bracketed | undefined {
  const margin = indentationOf(file[start] ?? '');
  let last = start + 1;
  while (last < file.length && isWithin(file[last] ?? '', margin)) last += 1;
  const line = file[last] ?? '';
  if (indentationOf(line) !== margin || line.trim() !== closing) return undefined;
  return { start, end: last + 1, opening, closing, parts: partsOf(file.slice(start + 1, last)) };
}

/** A single shared statement, such as a `return`, proves little in a long block. */
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

/** Returns whether the part in place of a missing part is a new version of it. Another key never is. */
function isChanged(index: number, version: Bracketed, whole: Bracketed): boolean {
  const part = version.parts[index];
  return (
    part !== undefined &&
    version.parts.length === whole.parts.length &&
    !whole.parts.includes(part) &&
    !(version.opening.endsWith('{') && KEY.test(part))
  );
}

/** The indices of the wanted parts that are not among `parts`, or occur there less often. */
function missingIn(parts: readonly string[], wanted: readonly string[]): number[] {
  const rest = new Map<string, number>();
  for (const part of parts) rest.set(part, (rest.get(part) ?? 0) + 1);
  return wanted.flatMap((part, index) => {
    const count = rest.get(part) ?? 0;
    rest.set(part, count - 1);
    return count > 0 ? [] : [index];
  });
}
