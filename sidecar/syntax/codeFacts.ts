import { commonIndentation } from './commonIndentation.ts';
import { definitionShapes } from './definitionShapes.ts';
import {
  CALLS,
  FUNCTION_VALUES,
  NAMED_CONTAINERS,
  NAMED_FUNCTIONS,
  NO_PARAMETERS,
  NO_RESULTS,
  PARAMETER_NAMES,
  RECEIVERS,
  RESULTS_WITHOUT_RETURN,
  RETURNS,
  THROWS,
  YIELDS,
} from './factNodes.ts';
import type { Grammars } from './grammars.ts';
import type { Node } from './treeSitter.ts';

/** Facts about a piece of code that its syntax tree shows. All texts are as they are in the code. */
export interface CodeFacts {
  /** The names that the code defines, if it is more than one function. */
  readonly defines: readonly string[];
  readonly parameters: readonly string[];
  /** What the function returns: values or its declared type. 'nothing' if it returns none. Absent: not known. */
  readonly returns?: readonly string[] | 'nothing';
  /** The values that a generator yields. */
  readonly yields: readonly string[];
  /** The errors that it throws or raises. */
  readonly errors: readonly string[];
  /** The functions that it calls. */
  readonly calls: readonly string[];
}

/** Longer code is no piece that a user selects to have it explained. */
const MAX_CODE_UNITS = 64 * 1024;
/** A longer text would not be read as a name. */
const MAX_NAME_UNITS = 48;
const MAX_NAMES = 8;
/** If a function returns more values, its type says more. */
const MAX_VALUES = 3;

/**
 * Reads facts from the syntax tree of some code. `undefined` if the language has no grammar, if the code is too long,
 * and if it is cut off or is no code of the language. Rejects as `Grammars.parse`.
 */
export async function codeFacts(code: string, languageId: string, grammars: Grammars): Promise<CodeFacts | undefined> {
  const shapes = definitionShapes(languageId);
  if (shapes === undefined || code.length > MAX_CODE_UNITS) return undefined;
  for (const [before, behind] of SURROUNDINGS[shapes.grammar] ?? [['', '']]) {
    const tree = await grammars.parse(before + outdented(code) + behind, shapes.grammar);
    if (tree === null) return undefined;
    try {
      if (!tree.rootNode.hasError) return factsOfTree(partOf(tree.rootNode, before), shapes.grammar);
    } finally {
      tree.delete();
    }
  }
  return undefined;
}

const AS_FILE = ['', ''] as const;
const AS_METHOD = ['class Some {\n', '\n}'] as const;
/**
 * The texts around a piece of code that make it a whole file, by grammar: the piece may be a method, and a piece of PHP
 * mostly lacks the file's first mark.
 */
const SURROUNDINGS: Readonly<Record<string, readonly (readonly [before: string, behind: string])[]>> = {
  typescript: [AS_FILE, AS_METHOD],
  tsx: [AS_FILE, AS_METHOD],
  javascript: [AS_FILE, AS_METHOD],
  java: [AS_FILE, AS_METHOD],
  'c-sharp': [AS_FILE, AS_METHOD],
  php: [['<?php\n', ''], [`<?php ${AS_METHOD[0]}`, AS_METHOD[1]], AS_FILE],
};

/** The node of the code, which may be the body of a class around it. */
function partOf(root: Node, before: string): Node {
  const body = root.descendantsOfType(['class_body', 'declaration_list']).find((node) => node !== null);
  return before.endsWith(AS_METHOD[0]) && body ? body : root;
}

/** The code without the indentation that all of its lines share. */
function outdented(code: string): string {
  const lines = code.split('\n');
  const { length } = commonIndentation(lines);
  return lines.map((line) => line.slice(Math.min(length, line.search(/\S|$/)))).join('\n');
}

function factsOfTree(root: Node, grammar: string): CodeFacts | undefined {
  const functions = outermost(root, [...NAMED_FUNCTIONS, ...FUNCTION_VALUES]);
  const definitions = outermost(root, [...NAMED_FUNCTIONS, ...NAMED_CONTAINERS]);
  const [only] = functions;
  const calls = callsOf(root);
  if (only !== undefined && functions.length === 1 && definitions.length <= 1 && isWholeOf(root, only))
    return { ...NONE, ...factsOfFunction(only, grammar), calls };
  const defines = names(definitions.map(nameOf));
  return defines.length + calls.length === 0 ? undefined : { ...NONE, defines, calls };
}

const NONE: CodeFacts = { defines: [], parameters: [], yields: [], errors: [], calls: [] };

function factsOfFunction(of: Node, grammar: string): Partial<CodeFacts> {
  const own = (types: readonly string[]): Node[] => ofFunction(of, types);
  const yields = names(own(YIELDS).map((node) => textOf(node.namedChild(0))));
  return {
    parameters: parametersOf(of),
    ...(yields.length > 0 ? {} : resultOf(of, own(RETURNS), grammar)),
    yields,
    errors: names(own(THROWS).map((node) => textOf(errorOf(node.namedChild(0))))),
  };
}

/** The nodes of some types that are not inside others of them. */
function outermost(root: Node, types: readonly string[]): Node[] {
  const found: Node[] = [];
  for (const node of descendants(root, types)) {
    const last = found.at(-1);
    if (last === undefined || node.startIndex >= last.endIndex) found.push(node);
  }
  return found;
}

const descendants = (of: Node, types: readonly string[]): Node[] =>
  of.descendantsOfType([...types]).filter((node): node is Node => node !== null && node.isNamed);

/** Whether nothing else is in the code but comments, imports and the function's other signatures. */
function isWholeOf(root: Node, { startIndex, endIndex }: Node): boolean {
  return root.namedChildren.every(
    (child) =>
      child === null ||
      (child.startIndex <= startIndex && child.endIndex >= endIndex) ||
      /comment|import|decorator|attribute|signature|php_tag/.test(child.type) ||
      child.descendantsOfType('function_signature').length > 0,
  );
}

/** The nodes of some types whose function is this one. */
function ofFunction(of: Node, types: readonly string[]): Node[] {
  const inner = descendants(of, [...NAMED_FUNCTIONS, ...FUNCTION_VALUES]).filter(({ id }) => id !== of.id);
  return descendants(of, types).filter(
    ({ startIndex, endIndex }) => !inner.some((other) => other.startIndex <= startIndex && other.endIndex >= endIndex),
  );
}

function parametersOf(of: Node): readonly string[] {
  const list =
    of.childForFieldName('parameters') ??
    of.childForFieldName('parameter') ??
    of
      .descendantsOfType('parameter_list')
      .find((node) => node !== null && node.parent?.type !== 'method_declaration') ??
    null;
  if (list === null) return [];
  if (list.namedChildCount === 0 && list.type === 'identifier') return names([textOf(list)]);
  const parameters = list.namedChildren.filter((node): node is Node => node !== null && !NO_PARAMETERS.has(node.type));
  return names(parameters.flatMap(parameterNames)).filter((name) => !RECEIVERS.has(name));
}

/** The names in one parameter: in Go several may share a type. */
function parameterNames(parameter: Node): readonly (string | undefined)[] {
  const several = parameter.childrenForFieldName('name').filter((node) => node !== null);
  if (several.length > 1) return several.map(textOf);
  let node: Node = parameter;
  for (;;) {
    const inner =
      node.type === 'reference_declarator'
        ? node.namedChild(0)
        : PARAMETER_NAMES.map((field) => node.childForFieldName(field)).find((child) => child !== null);
    if (!inner) break;
    node = inner;
  }
  // In Python, an annotated parameter begins with its name.
  return [textOf(node.type === 'typed_parameter' ? node.namedChild(0) : node)];
}

function resultOf(of: Node, returns: readonly Node[], grammar: string): Pick<CodeFacts, 'returns'> {
  const body = of.childForFieldName('body');
  const type = resultType(of);
  if (body === null || of.type === 'constructor_declaration' || grammar === 'ruby' || grammar === 'bash') return {};
  if (type !== undefined && NO_RESULTS.has(type)) return { returns: 'nothing' };
  const isValue = of.type === 'arrow_function' && body.type !== 'statement_block';
  const results = isValue ? [body] : returns.map((node) => node.namedChild(0));
  const values = names(results.map(textOf));
  const areAllNamed = results.every((node) => node !== null && textOf(node) !== undefined);
  if (results.length > 0 && areAllNamed && values.length <= MAX_VALUES && !RESULTS_WITHOUT_RETURN.has(grammar))
    return { returns: values };
  if (type !== undefined) return { returns: [type] };
  return results.every((node) => node === null) ? { returns: 'nothing' } : {};
}

/** The declared type of a function's result. */
function resultType(of: Node): string | undefined {
  for (const field of ['return_type', 'result', 'returns', 'type']) {
    const node = of.childForFieldName(field);
    if (node) return textOf(node)?.replace(/^:\s*|^->\s*/, '');
  }
  return undefined;
}

/** The error in what is thrown: `new TypeError("…")`, `ValueError(…)`. */
function errorOf(thrown: Node | null): Node | null {
  if (thrown === null) return null;
  const fields = CALLS[thrown.type] ?? [];
  return fields.map((field) => thrown.childForFieldName(field)).find((node) => node !== null) ?? thrown;
}

function callsOf(root: Node): readonly string[] {
  return names(descendants(root, Object.keys(CALLS)).map((node) => textOf(errorOf(node))));
}

const nameOf = (node: Node): string | undefined => {
  let inner: Node | null = node.childForFieldName('name') ?? node.childForFieldName('declarator');
  for (let next = inner; next !== null; next = inner.childForFieldName('declarator')) inner = next;
  return inner === null ? undefined : textOf(inner);
};

/** The text of a node in one short line. */
function textOf(node: Node | null): string | undefined {
  const text = node?.text;
  return text !== undefined && text !== '' && text.length <= MAX_NAME_UNITS && !/[\n\r`]/.test(text) ? text : undefined;
}

const names = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.filter((text) => text !== undefined))].slice(0, MAX_NAMES);
