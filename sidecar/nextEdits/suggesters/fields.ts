import { children, descendants } from '../../syntax/nodeTexts.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import { scopeRulesOf } from '../declarations.ts';
import type { Parameter } from '../parameterLists.ts';
import { argumentValue } from '../signatures/argumentValue.ts';
import { rebuiltList } from '../signatures/rebuiltList.ts';
import { type ChangedType, changedTypeAt, type Field } from '../signatures/changedTypes.ts';
import type { SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { isSameLanguage, knowsType } from '../usesElsewhere.ts';

const CONFIDENCE = 0.85;
const MAX_EDITS = 4;
const MAX_DOCUMENTS = 16;
/** With fewer fields, objects of other types look the same. */
const MIN_FIELDS = 2;

/**
 * A type got or lost a field, or a field another name: suggests the same for the objects written out that have all its
 * other fields, or whose variable has the type. A new field is suggested only where a name in sight gives its value.
 */
export async function suggestFields(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    const changed = document && root && changedTypeAt(root, document, edit);
    if (changed === undefined || document === undefined) continue;
    for (const other of context.documentsNaming(namesOf(changed)[0] ?? '').slice(0, MAX_DOCUMENTS)) {
      const otherRoot = isSameLanguage(other, document) ? await context.root(other) : undefined;
      if (otherRoot === undefined || !knowsType(other, otherRoot, { document, type: changed.name })) continue;
      const edits = objectsIn(otherRoot, other).flatMap((object) => editOf(object, other, changed));
      if (edits.length > 0) suggestions.push({ uri: other.uri, kind: 'signature', confidence: CONFIDENCE, edits });
    }
  }
  return suggestions;
}

/** Returns the names that an object of the type has, the longest first: few files have it. */
function namesOf({ field, fields, kind }: ChangedType): string[] {
  if (kind !== 'added') return [field.name];
  return fields
    .flatMap(({ name, isOptional }) => (isOptional || name === field.name ? [] : [name]))
    .sort((one, other) => other.length - one.length);
}

interface WrittenObject {
  readonly list: Node;
  readonly items: readonly Node[];
  /** The type as the code around tells. */
  readonly type: string | undefined;
}

function objectsIn(root: Node, { languageId }: SourceDocument): WrittenObject[] {
  if (languageId === 'go')
    return descendants(root, ['composite_literal']).flatMap((literal) => {
      const list = literal.childForFieldName('body');
      return list ? [{ list, items: children(list), type: literal.childForFieldName('type')?.text }] : [];
    });
  return descendants(root, ['object']).map((list) => {
    const { parent } = list;
    const type = parent?.type === 'variable_declarator' ? parent.childForFieldName('type')?.text : undefined;
    return { list, items: children(list), type: type?.replace(/^:\s*/, '') };
  });
}

function keyOf(item: Node): string | undefined {
  if (item.type === 'shorthand_property_identifier') return item.text;
  if (item.type === 'pair' || item.type === 'keyed_element') return item.childForFieldName('key')?.text;
  return item.type === 'method_definition' ? item.childForFieldName('name')?.text : undefined;
}

function editOf({ list, items, type }: WrittenObject, document: SourceDocument, changed: ChangedType): TextEdit[] {
  const { field, kind, after } = changed;
  const keys = items.map(keyOf);
  if (list.namedChildren.length > items.length || !isOfType({ keys, type }, changed)) return [];
  const kept = items.map((node) => ({ node, text: node.text }));
  if (kind === 'renamed') {
    const key = items.find((item) => keyOf(item) === field.name)?.childForFieldName('key');
    return key ? [[key.startIndex, key.endIndex, after ?? '']] : [];
  }
  if (kind === 'removed') {
    if (!keys.includes(field.name)) return [];
    const edit = rebuiltList(document.text, {
      list,
      nodes: items,
      items: kept.filter(({ node }) => keyOf(node) !== field.name),
    });
    return edit ? [edit] : [];
  }
  const value = keys.includes(field.name) ? undefined : valueOf(field, list, document);
  if (value === undefined) return [];
  const text = value === field.name ? value : `${field.name}: ${value}`;
  const place = placeOf(changed, keys);
  const edit = rebuiltList(document.text, {
    list,
    nodes: items,
    items: [...kept.slice(0, place), { text }, ...kept.slice(place)],
  });
  return edit ? [edit] : [];
}

/** Whether an object has the type: all of its keys are fields, and no field is missing but the changed one. */
function isOfType(
  { keys, type }: { readonly keys: readonly (string | undefined)[]; readonly type: string | undefined },
  { name, fields, field, after, isOpen }: ChangedType,
): boolean {
  if (type !== undefined) return type === name && !keys.includes(undefined);
  const known = new Set([...fields, field].map((each) => each.name));
  const needed = fields.filter((each) => !each.isOptional && each.name !== field.name && each.name !== after);
  const hasAll = needed.every((each) => keys.includes(each.name));
  return !isOpen && needed.length >= MIN_FIELDS && hasAll && keys.every((key) => key !== undefined && known.has(key));
}

function valueOf({ name, type, isOptional }: Field, object: Node, document: SourceDocument): string | undefined {
  const rules = scopeRulesOf(document.languageId);
  const parameter: Parameter = {
    text: name,
    name,
    ...(type ? { type } : {}),
    isOptional,
    isRest: false,
    isKeyword: false,
  };
  return isOptional || rules === undefined ? undefined : argumentValue(parameter, { document, rules, leaf: object });
}

/** Returns the place of a new key: behind the field before it in the type, or else as the last. */
function placeOf({ fields, field }: ChangedType, keys: readonly (string | undefined)[]): number {
  const previous = fields[fields.findIndex(({ name }) => name === field.name) - 1]?.name;
  const place = previous === undefined ? -1 : keys.indexOf(previous);
  return place < 0 ? keys.length : place + 1;
}
