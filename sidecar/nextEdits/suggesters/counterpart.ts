import type { Node } from '../../syntax/treeSitter.ts';
import { classNameOf } from '../declarations.ts';
import { clonedFor } from '../clones.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion } from '../suggester.ts';
import { indentationOf, lineAt, lineBreakOf } from '../words.ts';

const CONFIDENCE = 0.9;
const MAX_EDITS = 8;
/** A method with a longer head is left alone. */
const MAX_HEAD_UNITS = 4_096;

/** A method of a C++ class: its declaration in the class, or its definition outside. */
interface Method {
  readonly document: SourceDocument;
  readonly node: Node;
  readonly className: string;
  readonly name: string;
  readonly declarator: Node;
}

/**
 * In C++ a method is declared in its class and defined elsewhere. A new declaration suggests the definition, and a new
 * definition suggests the declaration, each behind the same neighbour.
 */
export async function suggestCounterpart(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    if (document === undefined || !/^(c|cpp)$/.test(document.languageId)) continue;
    const root = await context.root(document);
    if (root === undefined || edit.inserted.trim() === '') continue;
    for (const method of newMethods(methodsOf(root, document), edit)) {
      const known = await methodsOfClass(context, method.className);
      const suggestion = isDeclaration(method) ? definitionOf(method, known) : declarationOf(method, known);
      if (suggestion !== undefined) suggestions.push(suggestion);
    }
  }
  return suggestions;
}

/** Returns the methods whose names an edit brought. */
function newMethods(methods: readonly Method[], { start, end }: RecentEdit): readonly Method[] {
  return methods.filter(({ declarator }) => {
    const name = declarator.childForFieldName('declarator') ?? declarator;
    return name.endIndex > start && name.startIndex < end;
  });
}

async function methodsOfClass({ documentsNaming, root }: SuggestContext, className: string): Promise<Method[]> {
  const found: Method[] = [];
  for (const document of documentsNaming(className)) {
    if (!/^(c|cpp)$/.test(document.languageId)) continue;
    const tree = await root(document);
    if (tree !== undefined) found.push(...methodsOf(tree, document).filter((method) => method.className === className));
  }
  return found;
}

function methodsOf(root: Node, document: SourceDocument): Method[] {
  return root.descendantsOfType(['field_declaration', 'declaration', 'function_definition']).flatMap((node) => {
    const method = node && methodOf(node, document);
    return method ? [method] : [];
  });
}

function methodOf(node: Node, document: SourceDocument): Method | undefined {
  if (node.hasError) return undefined;
  let declarator = node.childForFieldName('declarator');
  while (declarator !== null && declarator.type !== 'function_declarator')
    declarator = declarator.childForFieldName('declarator') ?? declarator.namedChild(0);
  const name = declarator?.childForFieldName('declarator');
  if (!declarator || !name || declarator.endIndex - node.startIndex > MAX_HEAD_UNITS) return undefined;
  if (node.type === 'function_definition') {
    if (name.type !== 'qualified_identifier') return undefined;
    const [className, last] = [name.childForFieldName('scope')?.text, name.childForFieldName('name')];
    if (className === undefined || last?.type !== 'identifier') return undefined;
    return { document, node, className, name: last.text, declarator };
  }
  const owner = node.parent?.parent;
  const className = node.parent?.type === 'field_declaration_list' && owner ? classNameOf(owner) : undefined;
  // A pure virtual, defaulted or deleted method has no definition.
  if (className === undefined || /=\s*(0|default|delete)\s*;$|\bfriend\b/.test(node.text)) return undefined;
  return { document, node, className, name: name.text, declarator };
}

function isDeclaration({ node }: Method): boolean {
  return node.type !== 'function_definition';
}

/** Suggests the definition of a method behind the definition of the method that is declared before it. */
function definitionOf(method: Method, known: readonly Method[]): Suggestion | undefined {
  const definitions = known.filter((each) => !isDeclaration(each));
  if (definitions.some(({ name }) => name === method.name)) return undefined;
  const neighbour = neighbourOf(method, known.filter(isDeclaration), definitions);
  if (neighbour === undefined) return undefined;
  const { document, node } = neighbour;
  const { text } = document;
  const lineBreak = lineBreakOf(text);
  const definition = clonedFor(method, neighbour) ?? `${headOf(method)}${bodyStyle(neighbour)}`;
  const isLast = text.slice(node.endIndex).trim() === '';
  const at = isLast ? text.length : node.endIndex;
  const gap = isLast ? text.slice(node.endIndex) : '';
  const breaks = Math.max(0, 2 - gap.split('\n').length + 1);
  const inserted = `${lineBreak.repeat(breaks)}${definition}${isLast && gap.includes('\n') ? lineBreak : ''}`;
  return { uri: document.uri, kind: 'signature', confidence: CONFIDENCE, edits: [[at, at, inserted]] };
}

/** Suggests the declaration of a method behind the declaration of the method that is defined before it. */
function declarationOf(method: Method, known: readonly Method[]): Suggestion | undefined {
  const declarations = known.filter(isDeclaration);
  if (declarations.some(({ name }) => name === method.name)) return undefined;
  const definitions = known.filter((each) => !isDeclaration(each) && each.document.uri === method.document.uri);
  const neighbour = neighbourOf(method, definitions, declarations) ?? declarations.at(-1);
  if (neighbour === undefined) return undefined;
  const { text, uri } = neighbour.document;
  const { start, end } = lineAt(text, neighbour.node.endIndex);
  const lineBreak = lineBreakOf(text);
  const next = text.indexOf('\n', end) + 1;
  const declaration = `${indentationOf(text.slice(start, end))}${headOf(method).replace(`${method.className}::`, '')};`;
  const [at, inserted] = next > 0 ? [next, `${declaration}${lineBreak}`] : [end, `${lineBreak}${declaration}`];
  return { uri, kind: 'signature', confidence: CONFIDENCE, edits: [[at, at, inserted]] };
}

/** Returns the counterpart of the method that stands next to a method, before it or else behind it. */
function neighbourOf(method: Method, beside: readonly Method[], counterparts: readonly Method[]): Method | undefined {
  const sorted = beside.filter(({ document }) => document.uri === method.document.uri);
  const before = sorted.filter(({ node }) => node.startIndex < method.node.startIndex).reverse();
  const behind = sorted.filter(({ node }) => node.startIndex > method.node.startIndex);
  for (const { name } of [...before, ...behind]) {
    const found = counterparts.find((each) => each.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns a method's head as a definition has it: with its class, without default values and specifiers. */
function headOf({ node, declarator, className, name, document }: Method): string {
  const { text } = document;
  const nameNode = declarator.childForFieldName('declarator') ?? declarator;
  const returned = text
    .slice(node.startIndex, nameNode.startIndex)
    .replaceAll(/\b(?:virtual|static|explicit|inline)\s+/g, '');
  const rest = text
    .slice(nameNode.endIndex, declarator.endIndex)
    .replaceAll(/(?<!\s)\s*\b(?:override|final)\b/g, '')
    .replaceAll(/(?<!\s)\s*=[^,)]+(?=[,)])/g, '');
  return `${returned}${className}::${name}${rest}`;
}

/** Returns an empty body with the brackets where another definition has them. */
function bodyStyle({ node, declarator, document }: Method): string {
  const lineBreak = lineBreakOf(document.text);
  const body = node.childForFieldName('body');
  const gap = body ? document.text.slice(declarator.endIndex, body.startIndex) : ' ';
  return `${/^\s+$/.test(gap) ? gap : ' '}{${lineBreak}}`;
}
