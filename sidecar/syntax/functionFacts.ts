import {
  BLOCKS,
  CALLS,
  CONSTRUCTORS,
  FALL_THROUGH,
  FUNCTION_VALUES,
  NAMED_FUNCTIONS,
  NEVER,
  NO_PARAMETERS,
  NO_RESULTS,
  PARAMETER_NAMES,
  RECEIVERS,
  RESULTS_WITHOUT_RETURN,
  RETURNS,
  THROWS,
  YIELDS,
} from './factNodes.ts';
import { children, descendants, fieldOf, names, textOf } from './nodeTexts.ts';
import type { Node } from './treeSitter.ts';

/** Facts about one function. Of other code all are empty. */
export interface FunctionFacts {
  readonly parameters: readonly string[];
  /** What the function returns: its declared type, or values. 'nothing' if it returns none. Absent: not known. */
  readonly returns?: readonly string[] | 'nothing';
  /** Whether it may also end without one of these values. */
  readonly mayReturnNothing?: boolean;
  /** The values that a generator yields. */
  readonly yields: readonly string[];
  /** The errors that it throws or raises. */
  readonly errors: readonly string[];
}

/** If a function returns more values, they are not told. */
const MAX_VALUES = 3;
/** A parameter's name, with the marks of a rest of parameters, or a pattern that takes its value apart. */
const PARAMETER = /^(?:\.\.\.|\*{1,2}|&)?\$?[\p{L}_$][\p{L}\p{N}_$]*$|^[{[]/u;

/** Facts about one function, read from its node. */
export function factsOfFunction(of: Node, grammar: string): FunctionFacts {
  const own = (types: readonly string[]): Node[] => ofFunction(of, types);
  const yields = names(own(YIELDS).map((node) => textOf(children(node)[0] ?? null)));
  return {
    parameters: parametersOf(of),
    ...(yields.length > 0 ? {} : resultOf(of, own(RETURNS), grammar)),
    yields,
    errors: names(
      own(THROWS)
        .filter((node) => !isCaught(node, of))
        .map(errorName),
    ),
  };
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
    fieldOf(of, ['parameters', 'parameter']) ??
    descendants(of, ['parameter_list']).find(({ parent }) => parent?.type !== 'method_declaration') ??
    null;
  if (list === null) return [];
  if (list.type === 'identifier') return names([textOf(list)]);
  const parameters = children(list).filter(({ type }) => !NO_PARAMETERS.has(type));
  return names(
    parameters.flatMap((parameter, index) =>
      parameterNames(parameter).filter(
        (name) => name !== undefined && PARAMETER.test(name) && !(index === 0 && RECEIVERS.has(name)),
      ),
    ),
  );
}

/** The names in one parameter: in Go several may share a type. */
function parameterNames(parameter: Node): readonly (string | undefined)[] {
  const several = parameter.childrenForFieldName('name').filter((node) => node !== null);
  if (several.length > 1) return several.map(textOf);
  let node: Node | null = parameter;
  // In Java, the name of a rest of parameters lies in a declarator without a field.
  if (node.type === 'spread_parameter') node = descendants(node, ['variable_declarator'])[0] ?? node;
  for (let inner: Node | null = node; inner !== null; node = inner ?? node)
    inner = node.type === 'reference_declarator' ? (children(node)[0] ?? null) : fieldOf(node, PARAMETER_NAMES);
  // In Python, an annotated parameter begins with its name. Other types without a name have none.
  if (node.type === 'typed_parameter') return [textOf(children(node)[0] ?? null)];
  return /declaration$|type|self_parameter/.test(node.type) ? [] : [textOf(node)];
}

/** What a function returns: its declared type, else its values if there are few. */
function resultOf(
  of: Node,
  returns: readonly Node[],
  grammar: string,
): Pick<FunctionFacts, 'returns' | 'mayReturnNothing'> {
  const body = of.childForFieldName('body');
  if (body === null || grammar === 'ruby' || grammar === 'bash' || isConstructor(of)) return {};
  const type = resultType(of);
  if (type !== undefined && NEVER.has(type)) return {};
  const isValue = FUNCTION_VALUES.includes(of.type) && !BLOCKS.has(body.type);
  const results = isValue ? [body] : returns.map((node) => children(node)[0] ?? null);
  const hasValue = results.some((node) => node !== null);
  if (type !== undefined && !NO_RESULTS.has(type)) return { returns: [type] };
  // Without a type, the last value of a closure is its result.
  if (RESULTS_WITHOUT_RETURN.has(grammar)) return FUNCTION_VALUES.includes(of.type) || hasValue ? {} : NOTHING;
  if (!hasValue) return grammar === 'cpp' && type === undefined ? {} : NOTHING;
  const values = names(results.map(textOf));
  const areAllShort = results.every((node) => node === null || textOf(node) !== undefined);
  if (!areAllShort || values.length > MAX_VALUES) return {};
  return { returns: values, ...(results.includes(null) || fallsThrough(body) ? { mayReturnNothing: true } : {}) };
}

const NOTHING = { returns: 'nothing' } as const;

/** Whether a body ends without a result, behind its last statement. */
function fallsThrough(body: Node): boolean {
  if (!BLOCKS.has(body.type)) return false;
  const last = children(body).at(-1);
  if (last === undefined) return true;
  return last.type === 'if_statement' ? last.childForFieldName('alternative') === null : FALL_THROUGH.has(last.type);
}

function isConstructor(of: Node): boolean {
  return of.type === 'constructor_declaration' || CONSTRUCTORS.has(textOf(of.childForFieldName('name')) ?? '');
}

/** The declared type of a function's result. A pointer's type lies in two places, so it is not told. */
function resultType(of: Node): string | undefined {
  const declarator = of.childForFieldName('declarator');
  if (declarator !== null && declarator.type !== 'function_declarator') return undefined;
  return textOf(fieldOf(of, ['return_type', 'result', 'returns', 'type']))?.replace(/^:\s*|^->\s*/, '');
}

/** The name of the error in `new TypeError("…")`, `ValueError(…)` and `ValueError`. An error in a variable has none. */
function errorName(thrown: Node): string | undefined {
  const error = children(thrown)[0] ?? null;
  const isMade = error !== null && error.type in CALLS;
  const name = textOf(isMade ? calledIn(error) : error);
  return name !== undefined && /^[\w.\\:]+$/.test(name) && (isMade || /^[A-Z]/.test(name)) ? name : undefined;
}

/** Whether an error is thrown into a handler of its own function. */
function isCaught({ startIndex, parent }: Node, of: Node): boolean {
  for (let node = parent; node !== null && node.id !== of.id; node = node.parent) {
    const body = node.type === 'try_statement' ? node.childForFieldName('body') : null;
    const hasHandler = children(node).some(({ type }) => /^(?:catch|except)/.test(type));
    if (body !== null && hasHandler && body.startIndex <= startIndex && body.endIndex > startIndex) return true;
  }
  return false;
}

/** The called function of a call. */
export function calledIn(call: Node): Node | null {
  return fieldOf(call, CALLS[call.type] ?? []);
}
