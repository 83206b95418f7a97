/** The context that a question requests, in the syntax of VS Code's own chat. */
export interface Mentions {
  /** `@workspace`: passages of the workspace that fit the question. */
  readonly workspace: boolean;
  /** `#selection`: the editor's selection. */
  readonly selection: boolean;
  /** `#file:cart.ts`: names or paths. */
  readonly files: readonly string[];
  /** `#symbol:Cart.total`: names. */
  readonly symbols: readonly string[];
}

const WORKSPACE = /(^|\s)@workspace(?=\s|$)/g;
const SELECTION = /(^|\s)#selection(?=\s|[.,;:!?]|$)/g;
const FILE = /(^|\s)#file:([^\s,;!?]*[^\s,;!?.])/g;
const SYMBOL = /(^|\s)#symbol:([\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|#)[\p{L}_$][\p{L}\p{N}_$]*)*)/gu;

/** Returns the mentions in a question. */
export function mentionsOf(question: string): Mentions {
  const names = (pattern: RegExp): string[] => [
    ...new Set([...question.matchAll(pattern)].map(([, , name = '']) => name)),
  ];
  return {
    workspace: question.search(WORKSPACE) >= 0,
    selection: question.search(SELECTION) >= 0,
    files: names(FILE),
    symbols: names(SYMBOL),
  };
}

/** Returns the question for the model: names stay, marks are removed. */
export function withoutMentions(question: string): string {
  return question
    .replace(WORKSPACE, '$1')
    .replace(SELECTION, '$1the selected code')
    .replace(FILE, '$1$2')
    .replace(SYMBOL, '$1`$2`')
    .replace(/^[ \t]+/, '');
}
