import type { TokenId } from '../protocol/engine.ts';
import { type Snippet, snippetKey } from './snippet.ts';

/** A snippet as it stands in a prompt. */
export interface PlannedSnippet {
  readonly snippet: Snippet;
  /** Its header included. */
  readonly tokens: readonly TokenId[];
  /** Chosen before the whole workspace was indexed, by names that other files may define, too. */
  readonly isProvisional?: boolean;
}

/** Shares of the budget: signatures tell more for a token than bodies do. What one kind leaves, the next takes. */
const SIGNATURES_SHARE = 0.5;
const EDITS_SHARE = 0.15;

/**
 * The best snippets that fit into `budgetTokens`, in the order in which they enter a prompt: similar code, what is
 * imported, what was edited; of each kind the best last, since a model heeds most what stands nearest to where it
 * writes.
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
  /** Whether the file still has the text that the snippet is from. */
  readonly isUnchanged: (snippet: Snippet) => boolean;
}

/**
 * The next plan after `current`, moving as little as possible, since everything behind the first change is evaluated
 * again: what is there and still as it was stays in its place even where a new ranking would put it elsewhere or,
 * unless it is provisional, not name it; what is wanted and missing comes last; room for it is made from the end, by
 * what is wanted no more.
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
  // A file's lines shifted: the old piece and the new one say the same. Where both are wanted, taking one for the other
  // would never end.
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

/** How many snippets at the start are the same in both. */
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
 * What of a plan goes into a prompt that somebody waits for: the part at its start that the engine has read there
 * already, and of the rest, from the end, what `spareTokens` allow to evaluate.
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
 * What goes into the first prompts of a document that the user comes to: what the engine has read for the one before
 * it, up to the last piece that the document's own plan has too, with what stands between those, since everything
 * behind a piece that left would be evaluated again; and of the rest of the plan, from its end, what `spareTokens`
 * allow to evaluate. A piece whose text changed may stand there twice, the new text last. Room is made from the end of
 * what is read.
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

/** Whether two stand for the same tokens. */
function isSame(one: PlannedSnippet, other: PlannedSnippet): boolean {
  return (
    one === other || (snippetKey(one.snippet) === snippetKey(other.snippet) && one.snippet.text === other.snippet.text)
  );
}

/** Whether one of the snippets stands for the same tokens. */
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
