import type { Node } from '../../syntax/treeSitter.ts';
import { type Declaration, declarationOf, isWithin, leavesNamed } from '../declarations.ts';
import type { Parameter } from '../parameterLists.ts';
import type { ScopeRules } from '../scopes.ts';
import type { SourceDocument } from '../suggester.ts';

/** A place in a document at which a function is called. */
export interface CallPlace {
  readonly document: SourceDocument;
  readonly rules: ScopeRules;
  /** The called name. */
  readonly leaf: Node;
}

/** What a name must be that a call passes on. Imports, functions and classes are other things. */
const NO_VARIABLE = /import|use_|class|interface|enum|alias|type_spec|^function|^generator_function|method|^namespace/;

/**
 * Returns the text of the argument that a call certainly passes to a new parameter: a variable of its name, the
 * properties of its pattern, or the field of its name of the object around. `undefined` if nothing in sight tells.
 */
export function argumentValue(parameter: Parameter, place: CallPlace): string | undefined {
  const value = valueInSight(parameter, place);
  // Fields of PHP have another form.
  if (place.document.languageId === 'php' && value !== parameter.name) return undefined;
  return value === parameter.name ? variableNamed(value, place.document) : value;
}

/** Returns how a language writes a variable of a name. */
export function variableNamed(name: string, { languageId }: SourceDocument): string {
  return languageId === 'php' ? `$${name}` : name;
}

function valueInSight(parameter: Parameter, place: CallPlace): string | undefined {
  if (parameter.properties !== undefined)
    return parameter.properties.length > 0 && parameter.properties.every((name) => isInSight(name, place))
      ? `{ ${parameter.properties.join(', ')} }`
      : undefined;
  if (parameter.isRest) return undefined;
  // A call may leave out an optional argument, and most do.
  if (parameter.isOptional)
    return isInSight(parameter.name, place, parameter.type, /param|_pattern$|^arrow_function$/)
      ? parameter.name
      : undefined;
  if (isInSight(parameter.name, place, parameter.type)) return parameter.name;
  return fieldInSight(parameter.name, place) ?? onlyOfType(parameter, place);
}

/** Whether a variable is declared where the call stands. With a type it must not have another one. */
function isInSight(name: string, place: CallPlace, type?: string, owners = /./): boolean {
  const found = variablesNamed(name, place);
  const [nearest] = found.sort((one, other) => sizeOf(one.scope) - sizeOf(other.scope));
  if (nearest === undefined || NO_VARIABLE.test(nearest.owner.type) || !owners.test(nearest.owner.type)) return false;
  const own = type === undefined ? undefined : typeOf(nearest);
  return own === undefined || own === type;
}

function variablesNamed(name: string, { document, rules, leaf }: CallPlace): Declaration[] {
  const leaves = leavesNamed(leaf.tree.rootNode, document.text, name) ?? [];
  return leaves.flatMap((each) => {
    const declared = declarationOf(each, rules);
    if (declared === undefined || !isWithin(leaf, declared.scope)) return [];
    if (declared.isMember) return rules.hasBareMembers ? [declared] : [];
    // A variable is no argument of the call that gives its value.
    return each.startIndex < leaf.startIndex && !isWithin(leaf, declared.owner) ? [declared] : [];
  });
}

/** Returns a declaration's type as it is written, without spaces. */
function typeOf({ owner }: Declaration): string | undefined {
  const type = owner.childForFieldName('type') ?? owner.parent?.childForFieldName('type');
  return type?.text.replace(/^\s*:/, '').replaceAll(/\s+/g, '');
}

function sizeOf({ startIndex, endIndex }: Node): number {
  return endIndex - startIndex;
}

/** Returns the field of a name, if code of the class around the call reads or writes it. */
function fieldInSight(name: string, { document, rules, leaf }: CallPlace): string | undefined {
  const self = selfAround(leaf, rules);
  if (self === undefined) return undefined;
  const text = document.text.slice(self.within.startIndex, self.within.endIndex);
  for (const field of [`${self.name}.${name}`, `${self.name}.#${name}`, `${self.name}._${name}`])
    if (new RegExp(`(?<![\\p{L}\\p{N}_.])${field.replaceAll('.', '\\.')}(?![\\p{L}\\p{N}_]|\\s*\\()`, 'u').test(text))
      return field;
  return undefined;
}

/** Returns the name by which a method calls its object, and the code that does so too. */
function selfAround(leaf: Node, rules: ScopeRules): { readonly name: string; readonly within: Node } | undefined {
  for (let node: Node | null = leaf; node !== null; node = node.parent) {
    const receiver = node.type === 'method_declaration' ? node.childForFieldName('receiver') : null;
    const name = receiver === null ? undefined : /^\(\s*(\w+)\s/.exec(receiver.text)?.[1];
    if (name !== undefined) return { name, within: node.tree.rootNode };
    if (node.type === 'function_definition' && node.parent?.parent?.type === 'class_definition')
      return /^\(\s*self\b/.test(node.childForFieldName('parameters')?.text ?? '')
        ? { name: 'self', within: node.parent.parent }
        : undefined;
    // A function has an object of its own; an arrow has that of the code around.
    if (/^function_(?:declaration|expression)$/.test(node.type)) return undefined;
    if (rules.classes.has(node.type)) return { name: 'this', within: node };
  }
  return undefined;
}

/** Returns the only parameter around the call that has the new parameter's type. Types of the language tell nothing. */
function onlyOfType({ type }: Parameter, { rules, leaf }: CallPlace): string | undefined {
  if (type === undefined || !/^[*&]?(?:\w+\.)?\p{Lu}[\w.]*$/u.test(type) || /^(?:String|Integer|Object)$/.test(type))
    return undefined;
  const found = new Set<string>();
  for (let node = leaf.parent; node !== null; node = node.parent) {
    if (!rules.functions.has(node.type)) continue;
    for (const parameter of node.childForFieldName('parameters')?.namedChildren ?? []) {
      const own = parameter?.childForFieldName('type')?.text.replace(/^\s*:/, '').replaceAll(/\s+/g, '');
      const name = parameter?.childForFieldName('pattern') ?? parameter?.childForFieldName('name');
      if (own === type && name && /^\w+$/.test(name.text)) found.add(name.text);
    }
  }
  return found.size === 1 ? [...found][0] : undefined;
}
