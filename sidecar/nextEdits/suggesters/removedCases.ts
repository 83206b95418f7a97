import { children } from '../../syntax/nodeTexts.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import { leavesNamed } from '../declarations.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { firstWordIn, isName } from '../words.ts';

const CONFIDENCE = 0.85;
const MAX_EDITS = 4;
const MAX_DOCUMENTS = 16;
const BODY = /^enum.*(?:body|list)$/;
const CASE = /^(?:switch_case|switch_block_statement_group|switch_rule)$/;

interface RemovedCase {
  readonly enumName: string;
  readonly name: string;
}

/** An enum lost a case: suggests to remove it from switches and tables. A part of a switch must have no other label. */
export async function suggestRemovedCases(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    const removed = document && root && removedCaseAt(root, document, edit);
    if (removed === undefined) continue;
    for (const other of context.documentsNaming(removed.name).slice(0, MAX_DOCUMENTS)) {
      const otherRoot = other.languageId === document?.languageId ? await context.root(other) : undefined;
      const leaves = otherRoot && leavesNamed(otherRoot, other.text, removed.name);
      const edits = (leaves ?? []).flatMap((leaf) => removalOf(leaf, other.text, removed));
      if (edits.length > 0) suggestions.push({ uri: other.uri, kind: 'signature', confidence: CONFIDENCE, edits });
    }
  }
  return suggestions;
}

function removedCaseAt(root: Node, document: SourceDocument, edit: RecentEdit): RemovedCase | undefined {
  const name = /^\s*(\w+)\s*(?:=[^,\n]*|\([^,\n]*\))?,?\s*$/.exec(edit.removed)?.[1];
  if (name === undefined || !isName(name) || edit.inserted.trim() !== '') return undefined;
  let body = root.descendantForIndex(Math.max(0, edit.start - 1), firstWordIn(document.text, edit));
  while (body !== null && !BODY.test(body.type)) body = body.parent;
  const enumName = body?.parent?.childForFieldName('name')?.text;
  if (!body || enumName === undefined) return undefined;
  const isLeft = children(body).some(
    (each) => (each.childForFieldName('name') ?? each).text.split(/\W/, 1)[0] === name,
  );
  return isLeft ? undefined : { enumName, name };
}

/** Returns the edit that removes the part of a switch, or the row of a table, which a leaf names. */
function removalOf(leaf: Node, text: string, { enumName, name }: RemovedCase): TextEdit[] {
  const isQualified = text.slice(0, leaf.startIndex).endsWith(`${enumName}.`);
  let label: Node = leaf;
  while (
    label.parent !== null &&
    /^(?:member_expression|field_access|switch_label|computed_property_name)$/.test(label.parent.type)
  )
    label = label.parent;
  const part = label.parent;
  if (part === null) return [];
  if (part.type === 'pair' && label.type === 'computed_property_name' && isQualified) return [wholeLines(part, text)];
  const isLabel =
    label.type === 'switch_label' ? children(label).length === 1 : part.childForFieldName('value')?.id === label.id;
  if (!CASE.test(part.type) || !isLabel || !(isQualified || label.text === `case ${name}`)) return [];
  if (children(part).filter(({ type }) => type === 'switch_label').length > 1 || goesOn(part)) return [];
  const previous = partBefore(part);
  if (previous === undefined || statementsOf(part).length === 0) return [wholeLines(part, text)];
  // The case before this one may need the statements.
  if (statementsOf(previous).length === 0) return labelLine(part, label, text);
  return goesOn(previous) ? [] : [wholeLines(part, text)];
}

/** Returns the part of a switch before another one. Comments may stand between them. */
function partBefore(part: Node): Node | undefined {
  let previous = part.previousNamedSibling;
  while (previous?.type === 'comment') previous = previous.previousNamedSibling;
  return previous && CASE.test(previous.type) ? previous : undefined;
}

function statementsOf(part: Node): Node[] {
  const own = children(part).filter(({ type }) => type !== 'switch_label');
  return part.type === 'switch_case' ? own.slice(1) : own;
}

/** Returns the edit that removes the line of a label, if nothing else stands there. */
function labelLine(part: Node, label: Node, text: string): TextEdit[] {
  const start = text.lastIndexOf('\n', part.startIndex - 1) + 1;
  const rest = /^[ \t]*:?[ \t]*\r?\n/.exec(text.slice(label.endIndex, label.endIndex + 200));
  return rest && text.slice(start, part.startIndex).trim() === '' ? [[start, label.endIndex + rest[0].length, '']] : [];
}

/** Whether the part of a switch runs on into the next one after statements of its own. */
function goesOn(part: Node): boolean {
  const last = statementsOf(part).at(-1);
  if (part.type === 'switch_rule' || last === undefined) return false;
  const end = /block$/.test(last.type) ? children(last).at(-1) : last;
  return !/^(?:return|break|throw|continue)_statement$/.test(end?.type ?? '');
}

/** Returns the edit that removes a node with the comma behind it, and its lines if nothing else stands there. */
function wholeLines(node: Node, text: string): TextEdit {
  const end = text[node.endIndex] === ',' ? node.endIndex + 1 : node.endIndex;
  const lineStart = text.lastIndexOf('\n', node.startIndex - 1) + 1;
  const rest = /^[ \t]*(?:\r?\n)/.exec(text.slice(end, end + 200));
  const isAlone = rest !== null && text.slice(lineStart, node.startIndex).trim() === '';
  return isAlone ? [lineStart, end + rest[0].length, ''] : [node.startIndex, end, ''];
}
