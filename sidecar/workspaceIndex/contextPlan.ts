import type { TokenId } from '../protocol/engine.ts';
import { type Snippet, snippetKey } from './snippet.ts';

/** A snippet with its tokens in a prompt. */
export interface PlannedSnippet {
  readonly snippet: Snippet;
  /** The tokens include the snippet's header. */
  readonly tokens: readonly TokenId[];
  /** The snippet was chosen before the whole workspace was indexed, by names that other files may define too. */
  readonly isProvisional?: boolean;
}

/**
 * Shares of the budget: signatures tell more per token than bodies. Each kind may use the tokens that the kinds before
 * it left.
 */
const SIGNATURES_SHARE = 0.5;
const EDITS_SHARE = 0.15;

/**
 * Returns the best snippets that fit into `budgetTokens`, in prompt order: similar code, imported files, edits. The
 * best of each kind comes last, since a model attends most to the text nearest to the cursor.
 */
export function chooseSnippets(ranked: readonly PlannedSnippet[], budgetTokens: number): PlannedSnippet[] {
  let rest = budgetTokens;
  const taken = new Set<PlannedSnippet>();
  const take = (kind: Snippet['kind'], mostTokens: number): void => {
    let room = Math.min(rest, mostTokens);
    for (const planned of ranked) {
      if (planned.snippet.kind !== kind || taken.has(planned) || planned.tokens.length > room) continue;
      taken.add(planned);
      room -= planned.tokens.length;
      rest -= planned.tokens.length;
    }
  };
  take('signatures', budgetTokens * SIGNATURES_SHARE);
  take('edit', budgetTokens * EDITS_SHARE);
  take('body', rest);
  take('signatures', rest);
  const order: readonly Snippet['kind'][] = ['body', 'signatures', 'edit'];
  return [...taken].reverse().sort((one, other) => order.indexOf(one.snippet.kind) - order.indexOf(other.snippet.kind));
}

export interface NextPlanOptions {
  readonly budgetTokens: number;
  /** Whether the workspace has the snippet's file. */
  readonly isThere: (snippet: Snippet) => boolean;
  /** Whether the file still has the text of the snippet. */
  readonly isUnchanged: (snippet: Snippet) => boolean;
}

/**
 * Returns the plan after `current` with few moves, since everything behind the first change is evaluated again. A
 * present and unchanged snippet keeps its place, even if a new ranking moves it. It also stays if the ranking no longer
 * names it, unless it is provisional. Wanted and missing snippets come last. Unwanted snippets make room, from the end.
 */
export function nextPlan(
  current: readonly PlannedSnippet[],
  ranked: readonly PlannedSnippet[],
  options: NextPlanOptions,
): PlannedSnippet[] {
  const wanted = chooseSnippets(ranked, options.budgetTokens);
  const newest = new Map(ranked.map((planned) => [snippetKey(planned.snippet), planned]));
  let kept = current.flatMap((planned) => {
    const again = newest.get(snippetKey(planned.snippet));
    const stays =
      again === undefined
        ? planned.isProvisional !== true && options.isUnchanged(planned.snippet)
        : again.snippet.text === planned.snippet.text;
    return stays && options.isThere(planned.snippet) ? [again ?? planned] : [];
  });
  const keptKeys = keysOf(kept);
  const missing = wanted.filter(({ snippet }) => !keptKeys.has(snippetKey(snippet)));
  const wantedKeys = keysOf(wanted);
  // The lines of a file shifted, so the old and the new snippet say the same. If both are wanted, both stay: replacing
  // one by the other would never end.
  kept = kept.filter(
    ({ snippet }) =>
      wantedKeys.has(snippetKey(snippet)) || !missing.some((planned) => overlaps(planned.snippet, snippet)),
  );

  const excess = (): number => sizeOf(kept) + sizeOf(missing) - options.budgetTokens;
  while (excess() > 0) {
    const at = kept.findLastIndex(({ snippet }) => !wantedKeys.has(snippetKey(snippet)));
    if (at >= 0) kept.splice(at, 1);
    else if (missing.pop() === undefined) kept.pop();
  }
  return [...kept, ...missing];
}

/** Returns the number of equal snippets at the start of both lists. */
export function commonLength(one: readonly PlannedSnippet[], other: readonly PlannedSnippet[]): number {
  let length = 0;
  while (
    length < one.length &&
    length < other.length &&
    isSame(one[length] as PlannedSnippet, other[length] as PlannedSnippet)
  )
    length++;
  return length;
}

/**
 * Returns the part of a plan for a prompt that a user waits for. It is the start that the engine has already evaluated,
 * and snippets from the end that fit into `spareTokens`.
 */
export function affordable(
  plan: readonly PlannedSnippet[],
  read: readonly PlannedSnippet[],
  spareTokens: number,
): PlannedSnippet[] {
  const common = commonLength(plan, read);
  let rest = spareTokens;
  const taken = plan
    .slice(common)
    .reverse()
    .filter(({ tokens }) => {
      const fits = tokens.length <= rest;
      if (fits) rest -= tokens.length;
      return fits;
    });
  return [...plan.slice(0, common), ...taken.reverse()];
}

/**
 * Returns the snippets for the first prompts of a document that the user switches to. It begins with the snippets that
 * the engine evaluated for the document before, up to the last one that is also in the new plan. Snippets in between
 * stay, since everything behind a removed snippet would be evaluated again. Snippets from the end of the plan follow,
 * as far as `spareTokens` allow. A snippet whose text changed may appear twice, the new text last. Evaluated snippets
 * are dropped from the end if room is needed.
 */
export function affordableAfter(
  read: readonly PlannedSnippet[],
  plan: readonly PlannedSnippet[],
  { spareTokens, budgetTokens }: { readonly spareTokens: number; readonly budgetTokens: number },
): PlannedSnippet[] {
  for (let kept = read; ; kept = kept.slice(0, -1)) {
    kept = kept.slice(0, kept.findLastIndex((planned) => isAmong(plan, planned)) + 1);
    const missing = affordable(
      plan.filter((planned) => !isAmong(kept, planned)),
      [],
      Math.min(spareTokens, budgetTokens),
    );
    if (sizeOf(kept) + sizeOf(missing) <= budgetTokens) return [...kept, ...missing];
  }
}

export function sizeOf(snippets: readonly PlannedSnippet[]): number {
  return snippets.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

/** Returns whether two snippets have the same tokens. */
function isSame(one: PlannedSnippet, other: PlannedSnippet): boolean {
  return (
    one === other || (snippetKey(one.snippet) === snippetKey(other.snippet) && one.snippet.text === other.snippet.text)
  );
}

/** Returns whether a list has a snippet with the same tokens. */
export function isAmong(snippets: readonly PlannedSnippet[], planned: PlannedSnippet): boolean {
  return snippets.some((each) => isSame(each, planned));
}

function keysOf(snippets: readonly PlannedSnippet[]): ReadonlySet<string> {
  return new Set(snippets.map(({ snippet }) => snippetKey(snippet)));
}

function overlaps(one: Snippet, other: Snippet): boolean {
  const areLines = one.kind !== 'signatures' && other.kind !== 'signatures';
  return areLines && one.uri === other.uri && one.startLine <= other.endLine && other.startLine <= one.endLine;
}
