import type { Node } from '../../syntax/treeSitter.ts';
import { textBefore } from '../editJournal.ts';
import { declarationOfFunction, type EditedFunction, PARAMETER_LISTS } from '../functions.ts';
import { changeOfList, type ListChange, parametersIn } from '../parameterLists.ts';
import type { ScopeRules } from '../scopes.ts';
import type { RecentEdit, SourceDocument } from '../suggester.ts';
import { placesOfWord } from '../words.ts';

/** The most lists that one edit may touch. An edit that touches more is new code. */
const MAX_LISTS = 8;
const MAX_LIST_UNITS = 2_000;
/** The text behind a head, and not behind a call. */
const BEHIND_HEAD = /^(?:[ \t]*(?::|=>|->|throws\b|[\w*([])|\s*\{)/;

/** A function whose parameters changed. */
export interface ChangedFunction extends EditedFunction {
  readonly change: ListChange;
}

/**
 * Returns the functions whose lists of parameters an edit touches and recent edits changed. An edit may also replace
 * the comment before the head, and lines of the body.
 */
export function changedFunctions(
  root: Node,
  edit: RecentEdit,
  {
    document,
    rules,
    edits,
  }: { readonly document: SourceDocument; readonly rules: ScopeRules; readonly edits: readonly RecentEdit[] },
): ChangedFunction[] {
  const lists = listsAt(root, edit);
  if (lists.length > MAX_LISTS) return [];
  const own = edits.filter(({ uri }) => uri === document.uri).sort((one, other) => one.start - other.start);
  return lists.flatMap((list) => {
    const declaration = declarationOfFunction(list, rules);
    const name = nameBefore(list);
    const before = declaration && name && listBefore(document.text, own, { list, name });
    if (!declaration || before === undefined || before === '') return [];
    const { languageId } = document;
    const change = changeOfList(parametersIn(before, languageId), parametersIn(list.text, languageId));
    return change && !isUnfinished(document.text, edit, { list, change }) ? [{ declaration, list, change }] : [];
  });
}

/**
 * Whether an edit took lines out of a list while the body still uses their parameters: the user may be about to put
 * them elsewhere.
 */
function isUnfinished(
  text: string,
  { start, end, removed }: RecentEdit,
  { list, change: { before, origins } }: Pick<ChangedFunction, 'list' | 'change'>,
): boolean {
  if (!removed.includes('\n') || start < list.startIndex || end > list.endIndex) return false;
  const body = text.slice(list.endIndex, list.parent?.endIndex ?? list.endIndex);
  return before.some(({ name }, index) => !origins.includes(index) && placesOfWord(body, name, 1).length > 0);
}

/** Returns the lists of parameters that an edit touches. */
function listsAt(root: Node, { start, end }: RecentEdit): Node[] {
  const found = new Map<number, Node>();
  const around = root.descendantForIndex(start, end);
  for (let node = around; node !== null; node = node.parent)
    if (PARAMETER_LISTS.test(node.type)) found.set(node.id, node);
  for (const node of around?.descendantsOfType(['formal_parameters', 'parameters', 'parameter_list']) ?? [])
    if (node !== null && node.startIndex <= end && node.endIndex >= start) found.set(node.id, node);
  // In Go receivers and results are lists too.
  return [...found.values()].filter(
    (node) =>
      node.endIndex - node.startIndex <= MAX_LIST_UNITS && node.parent?.childForFieldName('parameters')?.id === node.id,
  );
}

/** Returns the leaf that names the function of a list. */
function nameBefore(list: Node): Node | undefined {
  const { parent } = list;
  const holder = parent?.parent?.type === 'variable_declarator' ? parent.parent : parent;
  let name = holder?.childForFieldName('name') ?? holder?.childForFieldName('declarator') ?? null;
  if (name?.type === 'qualified_identifier') name = name.childForFieldName('name');
  return name ?? undefined;
}

/** Returns a list's text before the edits of its document, which are in the order of the text. */
function listBefore(
  text: string,
  edits: readonly RecentEdit[],
  { list, name }: { readonly list: Node; readonly name: Node },
): string | undefined {
  const touching = edits.filter(({ start, end }) => start <= list.endIndex && end >= name.startIndex);
  const from = Math.min(name.startIndex, ...touching.map(({ start }) => start));
  const to = Math.max(list.endIndex, ...touching.map(({ end }) => end));
  const before = textBefore(text, touching, { from, to });
  const behind = text.slice(to, to + 80);
  const heads = [...before.matchAll(headOf(name.text))].flatMap(({ 0: whole, index }) => {
    const open = index + whole.length - 1;
    const close = closingOf(before, open);
    if (close === undefined) return [];
    const isHead = BEHIND_HEAD.test(before.slice(close, close + 80) + (before.length - close < 80 ? behind : ''));
    return isHead || touching.every(({ start, end }) => start > name.endIndex && end < list.endIndex)
      ? [before.slice(open, close)]
      : [];
  });
  return heads.length > 1 ? undefined : heads[0];
}

/** Matches the head of a function up to its bracket: `f(`, `f<T>(`, or `f = async (`. */
function headOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `(?<![\\p{L}\\p{N}_.])${escaped}\\s{0,9}(?:=\\s{0,9}(?:async\\s{0,9})?)?(?:[<[][^()]{0,200}[>\\]])?\\(`,
    'gu',
  );
}

/** Returns the offset behind the bracket that closes the one at `open`. */
function closingOf(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < Math.min(text.length, open + MAX_LIST_UNITS); at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return undefined;
}
