import type { Node } from '../syntax/treeSitter.ts';
import { definitionShapes, type DefinitionShapes } from '../syntax/definitionShapes.ts';
import type { Grammars } from '../syntax/grammars.ts';
import { languageSyntax } from '../syntax/languages.ts';

/** A definition in a file. Lines count from zero, ends are inclusive. */
export interface Definition {
  readonly name: string;
  /** The name of the enclosing class, module, …. */
  readonly container?: string;
  /** The first line of the definition, its comment included. */
  readonly startLine: number;
  readonly endLine: number;
  /** The comment and head as they are in the file. A container's signature is its head alone. */
  readonly signature: string;
}

/**
 * The most lines of a comment, from its end, and the most lines of a definition that is shown whole, from its start.
 */
const MAX_COMMENT_LINES = 4;
const MAX_WHOLE_LINES = 24;
const MAX_HEAD_LINES = 8;
const MAX_DEFINITIONS = 500;
/** Deeper nodes are not visited, or the stack would overflow. No real code is that deep. */
const MAX_DEPTH = 500;
/** Enough for a name and its type arguments. The pattern for it is tried from each letter. */
const MAX_RECEIVER_UNITS = 200;
/** Larger texts are data or generated, and would delay other files. */
const MAX_TEXT_UNITS = 256 * 1024;

/**
 * Returns the definitions of a text in order. `undefined` if its language has no grammar, or if it is too large.
 * Rejects as `Grammars.parse`.
 */
export async function outline(
  text: string,
  languageId: string,
  grammars: Grammars,
): Promise<readonly Definition[] | undefined> {
  const shapes = definitionShapes(languageId);
  if (shapes === undefined || text.length > MAX_TEXT_UNITS) return undefined;
  const tree = await grammars.parse(text, shapes.grammar);
  if (tree === null) return undefined;
  try {
    const finder = new DefinitionFinder(text, shapes, languageSyntax(languageId).blocks === 'indentation');
    finder.visit(tree.rootNode, undefined, 0);
    return finder.found.filter(({ name, signature }) => name !== '' && signature.trim() !== '');
  } finally {
    tree.delete();
  }
}

/** Collects the definitions of a syntax tree. */
class DefinitionFinder {
  readonly found: Definition[] = [];
  readonly #lines: readonly string[];

  constructor(
    text: string,
    private readonly shapes: DefinitionShapes,
    private readonly isBlockByIndentation: boolean,
  ) {
    this.#lines = text.split('\n');
  }

  visit(node: Node, container: string | undefined, depth: number): void {
    if (this.found.length >= MAX_DEFINITIONS || depth > MAX_DEPTH) return;
    const { shapes, isBlockByIndentation } = this;
    const { type } = node;
    if (shapes.containers.includes(type)) {
      this.#visitContainer(node, container, depth);
    } else if (shapes.heads.includes(type)) {
      const body = bodyOf(node);
      const docstring = isBlockByIndentation && body !== null ? docstringLine(body, this.#lines) : [];
      this.#add(node, container, [...this.#headLines(node, body), ...docstring]);
    } else if (shapes.wholes.includes(type)) {
      if (isBlockByIndentation && type === 'expression_statement' && node.namedChild(0)?.type !== 'assignment') return;
      this.#add(node, container, this.#linesOf(node, MAX_WHOLE_LINES));
    } else if (shapes.through.includes(type)) {
      this.#visitChildren(node, container, depth);
    }
  }

  #visitContainer(node: Node, container: string | undefined, depth: number): void {
    const body = bodyOf(node);
    const name = nameOf(node) ?? '';
    this.#add(node, container, this.#headLines(node, body));
    if (body !== null) this.#visitChildren(body, name === '' ? container : name, depth);
  }

  #visitChildren(node: Node, container: string | undefined, depth: number): void {
    for (const child of node.namedChildren) if (child !== null) this.visit(child, container, depth + 1);
  }

  #add(node: Node, container: string | undefined, shown: readonly string[]): void {
    const comment = commentBefore(startOf(node), this.#lines);
    const owner = namedContainer(node) ?? container;
    this.found.push({
      name: nameOf(node) ?? '',
      ...(owner === undefined ? {} : { container: owner }),
      startLine: startOf(node) - comment.length,
      endLine: node.endPosition.row,
      signature: [...comment, ...shown].join('\n'),
    });
  }

  /** Returns the lines from the start of the definition to its body. */
  #headLines(node: Node, body: Node | null): string[] {
    if (body === null) return this.#linesOf(node, MAX_HEAD_LINES);
    const start = startOf(node);
    const { row, column } = body.startPosition;
    const bodyLine = this.#lines[row] ?? '';
    // A block begins on its own line. A brace or an expression stands behind the head.
    const last = bodyLine.slice(0, column).trimEnd();
    const isOneLine = row === body.endPosition.row && row === node.endPosition.row && row === start;
    if (isOneLine && body.endPosition.column - column < 120) return [bodyLine];
    const head = [...this.#lines.slice(start, row), ...(last === '' ? [] : [last])];
    // In Ruby the comment of a body's first statement stands before the body.
    while (head.length > 1 && isComment(head.at(-1) ?? '')) head.pop();
    return head.slice(0, MAX_HEAD_LINES);
  }

  #linesOf(node: Node, most: number): string[] {
    return this.#lines.slice(startOf(node), node.endPosition.row + 1).slice(0, most);
  }
}

/** Returns the first line of a node, with the decorators and keywords that its parent puts before it. */
function startOf(node: Node): number {
  const parent = node.parent;
  const isWrapped =
    parent !== null &&
    ['export_statement', 'decorated_definition', 'template_declaration', 'ambient_declaration'].includes(parent.type);
  return isWrapped ? parent.startPosition.row : node.startPosition.row;
}

function bodyOf(node: Node): Node | null {
  const body = node.childForFieldName('body');
  if (body !== null) return body;
  const value = declaratorOf(node)?.childForFieldName('value') ?? node.childForFieldName('value');
  // `const f = (a) => …` counts as a function. Other values are shown if they fit on a line.
  return (
    value?.childForFieldName('body') ??
    (value !== null && value !== undefined && value.endPosition.row > value.startPosition.row ? value : null)
  );
}

function declaratorOf(node: Node): Node | null {
  return node.namedChildren.find((child) => child?.type === 'variable_declarator') ?? null;
}

function nameOf(node: Node): string | undefined {
  const named =
    node.childForFieldName('name') ?? declaratorOf(node)?.childForFieldName('name') ?? node.childForFieldName('type');
  if (
    named !== null &&
    named !== undefined &&
    named.type !== 'primitive_type' &&
    node.childForFieldName('declarator') === null
  )
    return named.text;
  let deepest = innerDeclarator(node);
  for (let next = deepest; next; next = next.childForFieldName('name')) deepest = next;
  if (deepest !== null) return deepest.text.split(/[\s(=;[]/)[0];
  return /[\p{L}_$][\p{L}\p{N}_$]*/u.exec(
    node.namedChildren.map((child) => child?.text ?? '').find((text) => /^[\p{L}_$]/u.test(text)) ?? '',
  )?.[0];
}

/** Follows declarators of C down to the innermost one, whose name may be qualified. */
function innerDeclarator(node: Node): Node | null {
  let inner = node.childForFieldName('declarator');
  for (let next = inner; next; next = next.childForFieldName('declarator')) inner = next;
  return inner;
}

/**
 * Returns the type that a definition outside of it names: the receiver of a method in Go, or the qualifier of a name in
 * C++.
 */
function namedContainer(node: Node): string | undefined {
  const receiver = node.childForFieldName('receiver');
  if (receiver !== null)
    return /([\p{L}_][\p{L}\p{N}_]*)\s*(?:\[[^\]]*\]\s*)?\)$/u.exec(receiver.text.slice(-MAX_RECEIVER_UNITS))?.[1];
  let scope: string | undefined;
  for (let name = innerDeclarator(node); name?.type === 'qualified_identifier'; name = name.childForFieldName('name'))
    scope = name.childForFieldName('scope')?.text;
  return scope?.split('<', 1)[0]?.trimEnd();
}

/** Returns the comment that ends on the line above. */
function commentBefore(line: number, lines: readonly string[]): string[] {
  const comment: string[] = [];
  for (let at = line - 1; at >= 0 && comment.length < MAX_COMMENT_LINES; at--) {
    const text = (lines[at] ?? '').trim();
    if (!isComment(text)) break;
    comment.unshift(lines[at] ?? '');
    if (/^\/\*/.test(text)) break;
  }
  return comment;
}

function isComment(line: string): boolean {
  return /^(\/\/|#(?!include|define|if|endif|pragma|!\/)|--|\/\*|\*)/.test(line.trim());
}

/** Returns the first line of a docstring, closed. */
function docstringLine(body: Node, lines: readonly string[]): string[] {
  const first = body.namedChild(0);
  if (first?.type !== 'expression_statement' || first.namedChild(0)?.type !== 'string') return [];
  const line = (lines[first.startPosition.row] ?? '').trimEnd();
  if (first.endPosition.row === first.startPosition.row) return [line];
  return /^\s*[a-z]*("""|''')\s*$/i.test(line) ? [] : [`${line}${/'''/.test(line) ? "'''" : '"""'}`];
}
