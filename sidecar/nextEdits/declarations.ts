import { definitionShapes } from '../syntax/definitionShapes.ts';
import type { Node } from '../syntax/treeSitter.ts';
import { SCOPE_RULES, type ScopeRules } from './scopes.ts';
import { placesOfWord } from './words.ts';

/** A name in a syntax tree that declares something. */
export interface Declaration {
  readonly leaf: Node;
  /** The node that declares the name. */
  readonly owner: Node;
  /** The node in which the name is visible without a qualifier. */
  readonly scope: Node;
  /** Whether the name belongs to a class: a field, a method, a case of an enum. */
  readonly isMember: boolean;
  /** The name of the member's class. */
  readonly container: string | undefined;
  /** Whether a parameter is a field too. */
  readonly isField: boolean;
}

/** The types of leaves that are names. */
const NAME_LEAF = /identifier|^name$|^constant$|^variable_name$|^word$/;
/** Labels of statements are names of their own. */
const NOT_NAME_LEAF = /^(statement_identifier|label_name)$/;
const MAX_PLACES = 500;

/** Returns the scope rules of a VS Code language id; `undefined` if there is no grammar. */
export function scopeRulesOf(languageId: string): ScopeRules | undefined {
  const grammar = definitionShapes(languageId)?.grammar;
  return grammar === undefined ? undefined : SCOPE_RULES[grammar];
}

/** Returns the leaf that is a name at a place; `undefined` in comments, strings and keywords. */
export function nameLeafAt(root: Node, start: number, end: number): Node | undefined {
  const leaf = root.descendantForIndex(start, end);
  if (leaf === null || leaf.startIndex !== start || leaf.endIndex !== end) return undefined;
  return NAME_LEAF.test(leaf.type) && !NOT_NAME_LEAF.test(leaf.type) ? leaf : undefined;
}

/** Returns the leaves with a name, in the order of the text. `undefined` if there are too many. */
export function leavesNamed(root: Node, text: string, name: string): Node[] | undefined {
  const places = placesOfWord(text, name, MAX_PLACES + 1);
  if (places.length > MAX_PLACES) return undefined;
  return places.flatMap((at) => nameLeafAt(root, at, at + name.length) ?? []);
}

/** Returns what a name declares; `undefined` if it is a use. */
export function declarationOf(leaf: Node, rules: ScopeRules): Declaration | undefined {
  let isOutside = false;
  let container: string | undefined;
  for (let node = leaf, parent = node.parent; parent !== null; node = parent, parent = node.parent) {
    const rule = rules.declarations.find(
      (each) => each.parent === parent.type && (each.field === undefined || isInField(parent, node, each.field)),
    );
    if (rule !== undefined && !isRenamedImport(parent, node)) {
      const found = scopeOf(parent, rule.visibility, rules);
      if (found === undefined) return undefined;
      const isMember = rule.visibility === 'member' || isOutside || rules.classes.has(found.type);
      const isOfClass = rules.classes.has(found.type) || container !== undefined || receiverOf(parent) !== undefined;
      // A method of an object without a class.
      if (isMember && !isOfClass) return undefined;
      return {
        leaf,
        owner: parent,
        scope: found,
        isMember,
        container: container ?? receiverOf(parent) ?? (isMember ? classNameOf(found) : undefined),
        isField: parent.namedChildren.some((child) => child !== null && FIELD_MODIFIER.test(child.type)),
      };
    }
    if (!rules.wrappers.has(parent.type)) return undefined;
    const field = rules.wrappers.get(parent.type);
    if (field !== undefined && !isInField(parent, node, field)) return undefined;
    if (parent.type === 'qualified_identifier') {
      isOutside = true;
      container = parent.childForFieldName('scope')?.text.split('<', 1)[0]?.trim();
    }
  }
  return undefined;
}

const FIELD_MODIFIER = /^(accessibility_modifier|visibility_modifier)$/;

function isInField(parent: Node, child: Node, field: string): boolean {
  return parent.childrenForFieldName(field).some((each) => each?.id === child.id);
}

/** `import { a as b }` declares only `b`. */
function isRenamedImport(parent: Node, child: Node): boolean {
  const alias = parent.type === 'import_specifier' ? parent.childForFieldName('alias') : null;
  return alias !== null && alias.id !== child.id;
}

function scopeOf(owner: Node, visibility: string, rules: ScopeRules): Node | undefined {
  for (let node = visibility === 'parameter' ? owner : owner.parent; node !== null; node = node.parent) {
    const isFile = node.parent === null;
    const isFunction = rules.functions.has(node.type) || (visibility === 'parameter' && rules.heads.has(node.type));
    if (isFile || isFunction) return visibility === 'parameter' && isFile ? undefined : node;
    if (visibility === 'parameter') continue;
    if (rules.classes.has(node.type)) return node;
    if (visibility === 'scope' && rules.blocks.has(node.type)) return node;
  }
  return undefined;
}

/** Returns the type of a method's receiver in Go. */
function receiverOf(owner: Node): string | undefined {
  const receiver = owner.childForFieldName('receiver')?.text;
  return receiver === undefined ? undefined : /([\p{L}\p{N}_]+)\s*(?:\[[^\]]*\])?\s*\)$/u.exec(receiver)?.[1];
}

/** Returns the name of a class; in Go it stands beside the struct. */
export function classNameOf(node: Node): string | undefined {
  const named = node.childForFieldName('name') ?? node.childForFieldName('type');
  return (named ?? node.parent?.childForFieldName('name'))?.text.split('<', 1)[0]?.trim();
}

/** Whether a node lies within another, or is the same. */
export function isWithin(
  inner: Pick<Node, 'startIndex' | 'endIndex'>,
  outer: Pick<Node, 'startIndex' | 'endIndex'>,
): boolean {
  return inner.startIndex >= outer.startIndex && inner.endIndex <= outer.endIndex;
}

/** How a name is used: alone, behind a dot or colons, or as the key of an object or argument. */
export type Use = 'plain' | 'member' | 'key';

const KEY_PARENTS: Readonly<Record<string, string | undefined>> = {
  pair: 'key',
  pair_pattern: 'key',
  keyword_argument: 'name',
  keyed_element: 'key',
  argument: 'name',
  field_initializer: 'field',
};

/** Returns how a leaf that declares nothing uses its name. */
export function useOf(leaf: Node, text: string): Use {
  const before = text.slice(Math.max(0, leaf.startIndex - 80), leaf.startIndex);
  if (/(?:(?<!\.)\.|->|::)\s*$/.test(before)) return 'member';
  let key = leaf;
  if (key.parent?.type === 'literal_element') key = key.parent;
  const field = KEY_PARENTS[key.parent?.type ?? ''];
  if (field !== undefined && key.parent !== null && isInField(key.parent, key, field)) return 'key';
  // In JavaScript the names of properties have a type of their own.
  return leaf.type === 'property_identifier' || leaf.parent?.type === 'jsx_attribute' ? 'key' : 'plain';
}
