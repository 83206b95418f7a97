import { commonIndentation } from './commonIndentation.ts';
import { definitionShapes } from './definitionShapes.ts';
import { CALLS, FUNCTION_VALUES, NAMED_CONTAINERS, NAMED_FUNCTIONS, WRAPPERS } from './factNodes.ts';
import { calledIn, factsOfFunction, type FunctionFacts } from './functionFacts.ts';
import type { Grammars } from './grammars.ts';
import { children, descendants, fieldOf, names, textOf } from './nodeTexts.ts';
import type { Node } from './treeSitter.ts';

/** Facts about a piece of code that its syntax tree shows. All texts are as they are in the code. */
export interface CodeFacts extends FunctionFacts {
  /** The names that the code defines, if it is more than one function. */
  readonly defines: readonly string[];
  /** The functions that it calls. */
  readonly calls: readonly string[];
}

/** Longer code is no piece that a user selects to have it explained. */
const MAX_CODE_UNITS = 64 * 1024;

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

/** The nodes of some types that are not inside others of them. */
function outermost(root: Node, types: readonly string[]): Node[] {
  const found: Node[] = [];
  for (const node of descendants(root, types)) {
    const last = found.at(-1);
    if (last === undefined || node.startIndex >= last.endIndex) found.push(node);
  }
  return found;
}

/** Whether nothing else is in the code but comments, imports, and the function's name, decorators and signatures. */
function isWholeOf(root: Node, of: Node): boolean {
  for (let node = of.parent; node !== null && node.id !== root.id; node = node.parent)
    if (!WRAPPERS.has(node.type) || children(node).filter(({ type }) => type === 'variable_declarator').length > 1)
      return false;
  return children(root).every(
    (child) =>
      (child.startIndex <= of.startIndex && child.endIndex >= of.endIndex) ||
      /import|decorator|attribute|signature|php_tag/.test(child.type) ||
      descendants(child, ['function_signature']).length > 0,
  );
}

/** The names of the called functions. Of a chain of calls each has its last name alone. */
function callsOf(root: Node): readonly string[] {
  return names(
    descendants(root, Object.keys(CALLS)).map((call) => {
      const called = calledIn(call);
      const text = textOf(called);
      if (text !== undefined && CALLED.test(text)) return text;
      const last = called && textOf(fieldOf(called, ['property', 'attribute', 'field', 'name']));
      return last !== undefined && last !== null && CALLED.test(last) ? last : undefined;
    }),
  ).filter((name) => !NO_CALLS.has(name));
}

const CALLED = /^[\p{L}_$@][\p{L}\p{N}_$.:?!\\<>-]*$/u;
/** Words of Ruby, the shell and C++ that grammars take for calls. */
const NO_CALLS: ReadonlySet<string> = new Set(['raise', 'return', 'exit', 'int', 'char', 'double', 'float', 'bool']);

function nameOf(node: Node): string | undefined {
  let inner = fieldOf(node, ['name', 'declarator']);
  for (let next = inner; next !== null; next = next.childForFieldName('declarator')) inner = next;
  return inner === null ? undefined : textOf(inner);
}
