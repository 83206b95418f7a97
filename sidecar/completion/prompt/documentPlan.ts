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

/** Which pieces of the workspace stand in the prompts of one document. */
export interface DocumentPlan {
  snippets: readonly PlannedSnippet[];
  /**
   * What the last prompt took of them, and of what was read for the document before: the engine has read it. The next
   * prompts take the same, until there is another plan.
   */
  read: readonly PlannedSnippet[] | undefined;
  /** What the engine holds, from the prompt's start. */
  held: readonly PlannedSnippet[];
  /** The plan that is read ahead, from one pause to the next. */
  ahead: readonly PlannedSnippet[] | undefined;
  /** What of it is being read, until a prompt is taken. */
  readingAhead: readonly PlannedSnippet[] | undefined;
  /** A later ranking's plan, waiting for a moment when nobody types. */
  next: readonly PlannedSnippet[] | undefined;
  /** The later ranking's plan after any other. */
  nextAfter: ((snippets: readonly PlannedSnippet[]) => readonly PlannedSnippet[]) | undefined;
  rankedAtMs: number;
  /** The plan is this document's; before, it is the one of the document that the user comes from. */
  isOwn: boolean;
}

/** What a plan is asked for. */
export interface PlanShare {
  readonly workspace: { has(uri: string): boolean };
  readonly query: Pick<PlaceQuery, 'uri'>;
  /** Tokens that other files may take at most. */
  readonly budgetTokens: number;
  /** Of these, what may be evaluated while the user waits. */
  readonly spareTokens: number;
  /** Plans are read in pauses. */
  readonly isReadAhead: boolean;
}

/** A document's first plan: that of the one before it, of which the engine holds what it holds. */
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
 * The user came to the document. Where its own plan can't be evaluated now, and is read in the next pause, prompts hold
 * until then what was read for the document before, though that may be of a former text, or of the document itself.
 */
export function begin(plan: DocumentPlan, share: PlanShare): void {
  takeUp(plan);
  plan.isOwn = true;
  if (share.isReadAhead && costOf(plan, plan.snippets) > share.spareTokens)
    plan.read = affordableAfter(plan.held, plan.snippets, share);
}

/**
 * Files that are deleted, or may not be read any more, leave at once, whatever has to be evaluated again. Of the
 * document itself nothing is read anew, and what was read leaves at once too where no pause will see to that.
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

/** The plan, in the order of prompts, with what they hold besides. */
export function withRead({ snippets, read = [] }: DocumentPlan): readonly PlannedSnippet[] {
  const first = read.slice(0, read.findLastIndex((planned) => !isAmong(snippets, planned)) + 1);
  return [...first, ...snippets.filter((planned) => !isAmong(first, planned))];
}

/** Of a plan what a prompt may hold; the engine has read it then. */
export function take(plan: DocumentPlan, { spareTokens, budgetTokens }: PlanShare): readonly PlannedSnippet[] {
  plan.read = within(plan.read ?? affordable(plan.snippets, plan.held, spareTokens), budgetTokens);
  plan.held = plan.read;
  plan.readingAhead = undefined;
  return plan.read;
}

/** Tokens of a plan that would be evaluated again or anew. */
export function costOf({ held }: DocumentPlan, next: readonly PlannedSnippet[]): number {
  return sizeOf(next.slice(commonLength(next, held)));
}

export function within(snippets: readonly PlannedSnippet[], budgetTokens: number): readonly PlannedSnippet[] {
  let rest = budgetTokens;
  const end = snippets.findIndex(({ tokens }) => (rest -= tokens.length) < 0);
  return end < 0 ? snippets : snippets.slice(0, end);
}
