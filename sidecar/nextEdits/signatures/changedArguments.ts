import { children } from '../../syntax/nodeTexts.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import type { ListChange, Parameter } from '../parameterLists.ts';
import type { RebuiltItem } from './rebuiltList.ts';

/** The arguments that a call passes after a change of the parameters. */
export interface ChangedArguments {
  readonly nodes: readonly Node[];
  readonly items: readonly RebuiltItem[];
  /** Whether each new argument is certain. */
  readonly isKnown: boolean;
}

export interface ArgumentRules {
  /** Returns the argument for a new parameter, if it is certain. */
  readonly valueOf: (parameter: Parameter) => string | undefined;
  /** Whether calls may pass arguments by name. */
  readonly hasNames: boolean;
}

interface Passed {
  readonly node: Node;
  /** The value, without the name by which Python passes it. */
  readonly value: string;
  readonly isKeyword: boolean;
}

/**
 * Returns the arguments of a call after a change of the parameters. `undefined` if the call does not pass all parameters
 * that were there before, so that it may call another function.
 */
export function changedArguments(
  list: Node,
  { before, after, origins }: ListChange,
  { valueOf, hasNames }: ArgumentRules,
): ChangedArguments | undefined {
  const nodes = children(list);
  if (nodes.length < list.namedChildren.length || nodes.some(({ type }) => /spread|splat|variadic/.test(type)))
    return undefined;
  const passed = passedTo(nodes, before);
  if (passed === undefined) return undefined;
  const items: RebuiltItem[] = [];
  let [isKnown, isNamed] = [true, nodes.length > 0 && nodes.every(isKeyword)];
  let isLeftOut = false;
  for (const [place, parameter] of after.entries()) {
    const origin = origins[place];
    const old = origin === undefined ? undefined : passed.get(origin);
    const value = origin === undefined ? valueOf(parameter) : old?.value;
    if (value === undefined && (origin !== undefined || parameter.isOptional)) {
      isLeftOut = true;
      continue;
    }
    if (value === undefined) isKnown = false;
    isNamed ||= parameter.isKeyword || (old?.isKeyword ?? false) || isLeftOut;
    if (isLeftOut && !hasNames) return undefined;
    const text = value ?? parameter.name;
    items.push({ ...(old ? { node: old.node } : {}), text: isNamed ? `${parameter.name}=${text}` : text });
  }
  return { nodes, items, isKnown };
}

/** Returns the arguments by the index of their parameters; `undefined` if they are not those of the function. */
function passedTo(nodes: readonly Node[], parameters: readonly Parameter[]): Map<number, Passed> | undefined {
  const passed = new Map<number, Passed>();
  for (const [place, node] of nodes.entries()) {
    const name = isKeyword(node) ? node.childForFieldName('name')?.text : undefined;
    const index = name === undefined ? place : parameters.findIndex((parameter) => parameter.name === name);
    const parameter = parameters[index];
    if (parameter === undefined || parameter.isRest || passed.has(index)) return undefined;
    if (name === undefined && parameter.isKeyword) return undefined;
    const value = name === undefined ? node.text : (node.childForFieldName('value')?.text ?? '');
    passed.set(index, { node, value, isKeyword: name !== undefined });
  }
  const isWhole = parameters.every(({ isOptional }, index) => isOptional || passed.has(index));
  return isWhole ? passed : undefined;
}

function isKeyword({ type }: Node): boolean {
  return type === 'keyword_argument';
}
