const NAME = String.raw`[\p{L}_$][\p{L}\p{N}_$]*`;
const DECLARING = [
  'class',
  'const',
  'def',
  'enum',
  'fn',
  'fun',
  'func',
  'function',
  'interface',
  'let',
  'module',
  'namespace',
  'object',
  'record',
  'struct',
  'sub',
  'trait',
  'type',
  'val',
  'var',
];
const CONTROL = [
  'catch',
  'elif',
  'for',
  'foreach',
  'if',
  'match',
  'return',
  'switch',
  'unless',
  'until',
  'while',
  'with',
];
const NO_NAMES: ReadonlySet<string> = new Set([...DECLARING, ...CONTROL]);
/** Also matches "function* name" and "func (receiver) name". */
const DECLARATION = new RegExp(
  String.raw`(?<![\p{L}\p{N}_$])(?:${DECLARING.join('|')})(?:\s+|\s*\*\s*)(?:\([^)]*\)\s*)?(${NAME})`,
  'u',
);
const CALL = new RegExp(String.raw`(${NAME})\s*(?:<[^>()]*>\s*)?\(`, 'u');

/** Returns the name that a declaration's first line declares, as far as it can be recognized in any language. */
export function declaredName(line: string): string | undefined {
  const name = DECLARATION.exec(line)?.[1] ?? CALL.exec(line)?.[1];
  return name === undefined || NO_NAMES.has(name) ? undefined : name;
}

/** Whether a line contains a name. */
export function holdsName(line: string, name: string): boolean {
  return [...line.matchAll(new RegExp(NAME, 'gu'))].some(([word]) => word === name);
}
