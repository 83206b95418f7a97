import {
  affordable,
  affordableAfter,
  commonLength,
  isAmong,
  type PlannedSnippet,
  sizeOf,
} from '../../workspaceIndex/contextPlan.ts';
import { isOwnText } from '../../workspaceIndex/notebookUris.ts';
import type { PlaceQuery } from '../../workspaceIndex/snippet.ts';

/** The snippets of the workspace in the prompts of one document. */
export interface DocumentPlan {
  snippets: readonly PlannedSnippet[];
  /**
   * The snippets that the last prompt took, including those read for the previous document. The engine has read them.
   * The next prompts take the same until there is another plan.
   */
  read: readonly PlannedSnippet[] | undefined;
  /** The snippets that the engine holds, from the start of the prompt. */
  held: readonly PlannedSnippet[];
  /** The plan that is read ahead, from one pause to the next. */
  ahead: readonly PlannedSnippet[] | undefined;
  /** The part of it that is being read, until a prompt is taken. */
  readingAhead: readonly PlannedSnippet[] | undefined;
  /** The plan of a later ranking. It waits for a pause in typing. */
  next: readonly PlannedSnippet[] | undefined;
  /** Returns the later ranking's plan as a successor of any plan. */
  nextAfter: ((snippets: readonly PlannedSnippet[]) => readonly PlannedSnippet[]) | undefined;
  rankedAtMs: number;
  /** Whether the plan is this document's own. Before, it is the plan of the document that the user comes from. */
  isOwn: boolean;
}

/** The parameters of a prompt's share of the plan. */
export interface PlanShare {
  readonly workspace: { has(uri: string): boolean };
  readonly query: Pick<PlaceQuery, 'uri'>;
  /** The most tokens for other files. */
  readonly budgetTokens: number;
  /** How many of these may be evaluated while the user waits. */
  readonly spareTokens: number;
  /** Whether plans are read ahead in pauses. */
  readonly isReadAhead: boolean;
}

/**
 * Returns a document's first plan: the plan of the previous document, whose evaluated snippets the engine still holds.
 */
export function planAfter(before: DocumentPlan | undefined, ahead: DocumentPlan['ahead']): DocumentPlan {
  const { snippets = [], read, held = [] } = before ?? {};
  return {
    snippets,
    read,
    held,
    ahead,
    readingAhead: undefined,
    next: undefined,
    nextAfter: undefined,
    rankedAtMs: -Infinity,
    isOwn: false,
  };
}

export function takeUp(plan: DocumentPlan): void {
  if (plan.next === undefined) return;
  plan.snippets = plan.next;
  plan.next = plan.nextAfter = plan.read = undefined;
}

/**
 * Begins the document's own plan. If it is too long to be evaluated now and is read in the next pause, prompts keep the
 * previous document's snippets until then. These snippets may be outdated, or come from this document itself.
 */
export function begin(plan: DocumentPlan, share: PlanShare): void {
  takeUp(plan);
  plan.isOwn = true;
  if (share.isReadAhead && costOf(plan, plan.snippets) > share.spareTokens)
    plan.read = affordableAfter(plan.held, plan.snippets, share);
}

/**
 * Removes deleted and forbidden files at once, whatever must be evaluated again. Snippets of the document itself are
 * not read again. If no reading ahead will replace them, they are removed at once too.
 */
export function dropGone(plan: DocumentPlan, share: PlanShare): void {
  const { workspace, query, isReadAhead } = share;
  const isOwn = ({ snippet }: PlannedSnippet): boolean => isOwnText(snippet.uri, query.uri);
  const isGone = (planned: PlannedSnippet): boolean =>
    !workspace.has(planned.snippet.uri) || (!isReadAhead && isOwn(planned));
  const isWanted = (planned: PlannedSnippet): boolean => !isGone(planned) && !isOwn(planned);
  plan.next = plan.next?.filter(isWanted);
  plan.snippets = plan.snippets.filter(isWanted);
  const gone = plan.held.findIndex(isGone);
  if (gone >= 0) plan.held = plan.held.slice(0, gone);
  if (plan.read?.some(isGone) === true)
    plan.read = plan.isOwn && isReadAhead ? affordableAfter(plan.held, plan.snippets, share) : undefined;
}

/** Returns the plan in the order of prompts, with the other snippets that they hold. */
export function withRead({ snippets, read = [] }: DocumentPlan): readonly PlannedSnippet[] {
  const first = read.slice(0, read.findLastIndex((planned) => !isAmong(snippets, planned)) + 1);
  return [...first, ...snippets.filter((planned) => !isAmong(first, planned))];
}

/** Returns the part of a plan for a prompt, and notes that the engine reads it. */
export function take(plan: DocumentPlan, { spareTokens, budgetTokens }: PlanShare): readonly PlannedSnippet[] {
  plan.read = within(plan.read ?? affordable(plan.snippets, plan.held, spareTokens), budgetTokens);
  plan.held = plan.read;
  plan.readingAhead = undefined;
  return plan.read;
}

/** Returns how many tokens of a plan would have to be evaluated. */
export function costOf({ held }: DocumentPlan, next: readonly PlannedSnippet[]): number {
  return sizeOf(next.slice(commonLength(next, held)));
}

export function within(snippets: readonly PlannedSnippet[], budgetTokens: number): readonly PlannedSnippet[] {
  let rest = budgetTokens;
  const end = snippets.findIndex(({ tokens }) => (rest -= tokens.length) < 0);
  return end < 0 ? snippets : snippets.slice(0, end);
}
