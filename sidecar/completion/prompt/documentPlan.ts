import { affordable, affordableAfter, commonLength, type PlannedSnippet, sizeOf } from '../../context/contextPlan.ts';

/** Which pieces of the workspace stand in the prompts of one document. */
export interface DocumentPlan {
  snippets: readonly PlannedSnippet[];
  /** What the last prompt took of them: the engine has read it. The next prompts take the same, until there is another plan. */
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
  /** Tokens that other files may take at most. */
  readonly budgetTokens: number;
  /** Of these, what may be evaluated while the user waits. */
  readonly spareTokens: number;
}

/** A document's first plan: that of the one before it, of which the engine holds what it holds. */
export function planAfter(before: DocumentPlan | undefined, ahead: DocumentPlan['ahead']): DocumentPlan {
  const { snippets = [], read, held = [] } = before ?? {};
  return { snippets, read, held, ahead, readingAhead: undefined, next: undefined, nextAfter: undefined, rankedAtMs: -Infinity, isOwn: false };
}

export function takeUp(plan: DocumentPlan): void {
  if (plan.next === undefined) return;
  plan.snippets = plan.next;
  plan.next = plan.nextAfter = plan.read = undefined;
}

/** The user came to the document. Until its own plan is read in a pause, what is read already may be of a former text, or of the document itself. */
export function begin(plan: DocumentPlan, share: PlanShare): void {
  takeUp(plan);
  plan.read = affordableAfter(plan.held, plan.snippets, share);
  plan.isOwn = true;
}

/** Files that are deleted, or may not be read any more, leave at once, whatever has to be evaluated again. */
export function dropGone(plan: DocumentPlan, { workspace }: PlanShare): void {
  const isThere = ({ snippet }: PlannedSnippet): boolean => workspace.has(snippet.uri);
  plan.next = plan.next?.filter(isThere);
  if (plan.snippets.every(isThere) && plan.held.every(isThere)) return;
  plan.snippets = plan.snippets.filter(isThere);
  const gone = plan.held.findIndex((planned) => !isThere(planned));
  if (gone >= 0) plan.held = plan.held.slice(0, gone);
  plan.read = undefined;
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
