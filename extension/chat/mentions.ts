/** What a question asks to be read, by the words that VS Code's own chat has for it. */
export interface Mentions {
  /** `@workspace`: what of the workspace fits the question. */
  readonly workspace: boolean;
  /** `#selection`: what is selected in the editor. */
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

/** Finds the mentions of a question. */
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

/** The question as a model should read it: names stay, marks go. */
export function withoutMentions(question: string): string {
  return question
    .replace(WORKSPACE, '$1')
    .replace(SELECTION, '$1the selected code')
    .replace(FILE, '$1$2')
    .replace(SYMBOL, '$1`$2`')
    .replace(/^[ \t]+/, '');
}
