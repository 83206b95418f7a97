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
  /** Returns the argument for a new parameter if none is certain: a variable of its name. */
  readonly guessOf: (parameter: Parameter) => string;
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
 * Returns the arguments of a call after a change of the parameters. `undefined` if the call does not pass all
 * parameters that were there before, so that it may call another function.
 */
export function changedArguments(
  list: Node,
  { before, after, origins }: ListChange,
  { valueOf, guessOf, hasNames }: ArgumentRules,
): ChangedArguments | undefined {
  const nodes = children(list);
  if (nodes.length < list.namedChildren.length || nodes.some(isUncertain)) return undefined;
  const passed = passedTo(nodes, before);
  if (passed === undefined) return undefined;
  const found = new NewArguments(nodes, { before, passed });
  let isKnown = true;
  for (const [place, parameter] of after.entries()) {
    const origin = origins[place];
    const old = origin === undefined ? undefined : passed.get(origin);
    if (old !== undefined) {
      found.keep(parameter, old);
      continue;
    }
    const value = origin === undefined ? valueOf(parameter) : undefined;
    if (value === undefined && (origin !== undefined || parameter.isOptional)) {
      found.leaveOut();
      continue;
    }
    isKnown &&= value !== undefined;
    found.add(parameter, value ?? guessOf(parameter));
  }
  return found.needsNames && !hasNames ? undefined : { nodes, items: found.items, isKnown };
}

/** Collects arguments: those without names in the order of the parameters, then those with names in the call's order. */
class NewArguments {
  needsNames = false;
  readonly #plain: RebuiltItem[] = [];
  readonly #named: { readonly name: string; readonly item: RebuiltItem }[];
  #mustName: boolean;
  #previous = '';

  constructor(
    nodes: readonly Node[],
    { before, passed }: { readonly before: readonly Parameter[]; readonly passed: ReadonlyMap<number, Passed> },
  ) {
    this.#named = [...passed].flatMap(([index, { node }]) =>
      isKeyword(node) ? [{ name: before[index]?.name ?? '', item: { node, text: node.text } }] : [],
    );
    this.#mustName = nodes.length > 0 && nodes.every(isKeyword);
  }

  get items(): RebuiltItem[] {
    const kept = this.#kept;
    return [...this.#plain, ...this.#named.filter(({ name }) => kept.has(name)).map(({ item }) => item)];
  }

  readonly #kept = new Set<string>();

  /** Passes an argument on. */
  keep(parameter: Parameter, { node, value, isKeyword: hasName }: Passed): void {
    if (hasName) {
      this.#kept.add(parameter.name);
      this.#previous = parameter.name;
      this.#mustName = true;
    } else if (this.#mustName || parameter.isKeyword)
      this.#name(parameter.name, { node, text: `${parameter.name}=${value}` });
    else this.#plain.push({ node, text: value });
  }

  /** Leaves a parameter to its default value, so that later arguments need names. */
  leaveOut(): void {
    this.#mustName = true;
  }

  add(parameter: Parameter, value: string): void {
    if (this.#mustName || parameter.isKeyword) this.#name(parameter.name, { text: `${parameter.name}=${value}` });
    else this.#plain.push({ text: value });
  }

  #name(name: string, item: RebuiltItem): void {
    this.needsNames = true;
    const place = this.#named.findIndex((each) => each.name === this.#previous);
    this.#named.splice(place + 1, 0, { name, item });
    this.#kept.add(name);
    this.#previous = name;
    this.#mustName = true;
  }
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

/** Whether a node may be several arguments, or is one with a name as C# and PHP write it. */
function isUncertain({ type, text }: Node): boolean {
  return /spread|splat|variadic/.test(type) || (type === 'argument' && /^[\p{L}_][\p{L}\p{N}_]*\s*:(?!:)/u.test(text));
}

function isKeyword({ type }: Node): boolean {
  return type === 'keyword_argument';
}
