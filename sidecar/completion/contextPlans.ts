import { affordable, commonLength, isSame, nextPlan, type PlannedSnippet, sizeOf } from '../context/contextPlan.ts';
import { isOwnText } from '../context/notebookUris.ts';
import { RecentMap } from '../context/recentMap.ts';
import type { PlaceQuery, Snippet } from '../context/snippet.ts';
import { delay } from './debounce.ts';

/** What completion asks of one client's workspace. */
export interface WorkspaceSource {
  snippets(query: PlaceQuery): Promise<readonly Snippet[]>;
  texts(query: PlaceQuery, maxUnits: number): Promise<readonly { readonly uri: string; readonly text: string }[]>;
  /** Resolves when the workspace is read, or when it takes too long to wait for it. */
  whenUsable(): Promise<void>;
  /** Whether everything that is listed is read. */
  readonly isWhole: boolean;
  /** Whether the workspace has the file; with `revision`, as it was then. */
  has(uri: string, revision?: number): boolean;
  pathOf(uri: string): string;
}

export interface ContextRequest {
  readonly clientKey: string;
  readonly workspace: WorkspaceSource;
  readonly query: Omit<PlaceQuery, 'maxSnippetUnits'>;
  /** Tokens that other files may take at most. */
  readonly budgetTokens: number;
  /** Of these, what may be evaluated while the user waits. */
  readonly spareTokens: number;
  /** A new plan is taken up at once where evaluating what it changes costs no more than this, the document included. */
  readonly cheapTokens: number;
  readonly documentTokens: number;
  readonly tokenize: (snippet: Snippet) => Promise<readonly number[]>;
  /** Ends what is read ahead. */
  readonly signal?: AbortSignal | undefined;
}

interface Plan {
  uri: string;
  snippets: readonly PlannedSnippet[];
  /** What the last prompt took of them: the engine has read it. The next prompts take the same, until there is another plan. */
  read: readonly PlannedSnippet[] | undefined;
  /** What the engine holds, from the prompt's start. */
  held: readonly PlannedSnippet[];
  /** The plan that is read ahead, from one pause to the next, in a document. */
  ahead: { readonly uri: string; readonly snippets: readonly PlannedSnippet[] } | undefined;
  /** What of it is being read, until a prompt is taken. */
  readingAhead: readonly PlannedSnippet[] | undefined;
  /** A later ranking's plan, waiting for a moment when nobody types. */
  next: readonly PlannedSnippet[] | undefined;
  /** The later ranking's plan after any other. */
  nextAfter: ((snippets: readonly PlannedSnippet[]) => readonly PlannedSnippet[]) | undefined;
  rankedAtMs: number;
  ranking: Promise<void> | undefined;
  /** The newest place that waits for the ranking under way to end. */
  waiting: ContextRequest | undefined;
}

/** Of prompts that take nothing of other files. */
export const NO_CONTEXT: readonly PlannedSnippet[] = [];

/** A place is ranked again after so long; the document hardly changes faster. */
const RANK_INTERVAL_MS = 1_500;
/** What a first completion in a document waits for the index, and the first of all, which finds nothing prepared. */
const DOCUMENT_LIMIT_MS = 100;
const FIRST_LIMIT_MS = 500;
/** A snippet takes no more than this share of the budget. */
const SNIPPET_SHARE = 0.3;
const UNITS_PER_TOKEN = 3;
const MAX_REMEMBERED_SNIPPETS = 1_000;
const MIN_SNIPPET_UNITS = 600;

/** Which pieces of the workspace stand in the prompts of each client, in which order. They change seldom, and never while it would be felt. */
export class ContextPlans {
  readonly #plans = new Map<string, Plan>();
  readonly #tokens = new RecentMap<string, readonly number[]>(MAX_REMEMBERED_SNIPPETS);

  constructor(private readonly now: () => number) {}

  /** The snippets for a prompt that somebody waits for: those that are evaluated, and as many more as may be evaluated now. */
  async forPrompt(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const plan = this.#planOf(request.clientKey);
    dropGone(plan, request);
    if (plan.uri !== request.query.uri) {
      // Of the document before.
      plan.next = plan.nextAfter = undefined;
      await request.workspace.whenUsable();
      await Promise.race([this.#rank(plan, request), delay(plan.uri === '' ? FIRST_LIMIT_MS : DOCUMENT_LIMIT_MS, new AbortController().signal)]);
      this.#takeUp(plan);
    } else {
      if (plan.ranking === undefined && this.now() - plan.rankedAtMs > RANK_INTERVAL_MS) this.#rank(plan, request).catch(() => undefined);
      // What is found for an empty plan is evaluated within what may be spared anyway.
      if (plan.next !== undefined && plan.snippets.length === 0) this.#takeUp(plan);
      if (plan.next !== undefined && costOf(plan, plan.next, request.spareTokens) + request.documentTokens <= request.cheapTokens) this.#takeUp(plan);
    }
    plan.uri = request.query.uri;
    return take(plan, request);
  }

  /** The snippets as they stand, for a prompt that is made before it is asked for: nothing is ranked for it, and nothing moves. */
  forPreparing(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const plan = this.#planOf(request.clientKey);
    dropGone(plan, request);
    return Promise.resolve(plan.uri === request.query.uri ? take(plan, request) : []);
  }

  /**
   * The whole plan, ranked anew: for a prompt that nobody waits for. Others keep what they have until it is read. None where `signal` aborts meanwhile: the new plan
   * waits then for a later prompt.
   */
  async forReadingAhead(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const plan = this.#planOf(request.clientKey);
    await this.#rank(plan, request);
    if (request.signal?.aborted === true) return [];
    dropGone(plan, request);
    const { uri } = request.query;
    const before = plan.ahead?.uri === uri ? plan.ahead.snippets : plan.snippets;
    plan.ahead = { uri, snippets: plan.nextAfter?.(before) ?? plan.snippets };
    plan.readingAhead = within(plan.ahead.snippets, request.budgetTokens);
    return plan.readingAhead;
  }

  /**
   * The engine has read the first `tokens` of what `forReadingAhead` gave where prompts are evaluated, and holds nothing else of other files: prompts take it from now
   * on. False where a prompt was taken since: then they don't.
   */
  readAhead(clientKey: string, given: readonly PlannedSnippet[], tokens: number): boolean {
    if (given === NO_CONTEXT) return true;
    const plan = this.#plans.get(clientKey);
    if (plan?.ahead === undefined || plan.readingAhead !== given) return false;
    plan.uri = plan.ahead.uri;
    plan.snippets = plan.ahead.snippets;
    plan.held = within(given, tokens);
    plan.read = plan.next = plan.nextAfter = plan.ahead = plan.readingAhead = undefined;
    return true;
  }

  /** Whether the engine has read this and nothing else of other files. */
  isRead(clientKey: string, given: readonly PlannedSnippet[]): boolean {
    if (given === NO_CONTEXT) return true;
    const held = this.#plans.get(clientKey)?.held ?? [];
    return given.length === held.length && commonLength(given, held) === given.length;
  }

  /** What a client's plan is now, then what is read ahead and will be in it, and which of it prompts find evaluated. */
  read(clientKey: string, uri: string): { readonly snippets: readonly PlannedSnippet[]; readonly isRead: (planned: PlannedSnippet) => boolean } {
    const plan = this.#plans.get(clientKey);
    if (plan === undefined) return { snippets: [], isRead: () => false };
    const now = plan.uri === uri ? plan.snippets : [];
    const coming = plan.ahead?.uri === uri ? plan.ahead.snippets.filter((planned) => !now.some((each) => isSame(each, planned))) : [];
    return { snippets: [...now, ...coming], isRead: (planned) => plan.uri === uri && plan.held.some((held) => isSame(held, planned)) };
  }

  forget(clientKey: string): void {
    this.#plans.delete(clientKey);
    // The keys are texts.
    this.#tokens.clear();
  }

  /** Another model has other tokens. */
  clear(): void {
    this.#plans.clear();
    this.#tokens.clear();
  }

  #planOf(clientKey: string): Plan {
    let plan = this.#plans.get(clientKey);
    if (plan === undefined) {
      plan = { uri: '', snippets: [], read: undefined, held: [], ahead: undefined, readingAhead: undefined, next: undefined, nextAfter: undefined, rankedAtMs: -Infinity, ranking: undefined, waiting: undefined };
      this.#plans.set(clientKey, plan);
    }
    return plan;
  }

  /** Ranks a place, once the ranking under way has ended, which is of a moment ago or of another document. Of those that wait only the newest is ranked. */
  #rank(plan: Plan, request: ContextRequest): Promise<void> {
    plan.waiting = request;
    plan.ranking ??= this.#rankWaiting(plan);
    return plan.ranking;
  }

  async #rankWaiting(plan: Plan): Promise<void> {
    try {
      for (let request = plan.waiting; request !== undefined; request = plan.waiting) {
        plan.waiting = undefined;
        plan.rankedAtMs = this.now();
        await this.#rankNow(plan, request);
      }
    } finally {
      plan.ranking = undefined;
    }
  }

  async #rankNow(plan: Plan, { workspace, query, budgetTokens, tokenize }: ContextRequest): Promise<void> {
    if (budgetTokens <= 0) return;
    const maxSnippetUnits = Math.max(MIN_SNIPPET_UNITS, Math.floor(budgetTokens * UNITS_PER_TOKEN * SNIPPET_SHARE));
    const isProvisional = !workspace.isWhole;
    const snippets = (await workspace.snippets({ ...query, maxSnippetUnits })).filter(({ uri }) => !isOwnText(uri, query.uri));
    const ranked = await Promise.all(snippets.map(async (snippet) => ({ snippet, tokens: await this.#tokensOf(snippet, query.languageId, tokenize), isProvisional })));
    // The user is in another document by now.
    if (plan.waiting !== undefined && plan.waiting.query.uri !== query.uri) return;
    plan.nextAfter = (before) =>
      nextPlan(before, ranked, { budgetTokens, isThere: ({ uri }) => !isOwnText(uri, query.uri) && workspace.has(uri), isUnchanged: ({ uri, revision }) => workspace.has(uri, revision) });
    plan.next = plan.nextAfter(plan.snippets);
  }

  async #tokensOf(snippet: Snippet, languageId: string, tokenize: ContextRequest['tokenize']): Promise<readonly number[]> {
    const key = `${languageId}\n${snippet.path}\n${snippet.text}`;
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const tokens = await tokenize(snippet);
    this.#tokens.set(key, tokens);
    return tokens;
  }

  #takeUp(plan: Plan): void {
    if (plan.next === undefined) return;
    plan.snippets = plan.next;
    plan.next = plan.nextAfter = plan.read = undefined;
  }
}

/** Files that are deleted, or may not be read any more, and the document itself leave at once, whatever has to be evaluated again. */
function dropGone(plan: Plan, { workspace, query }: ContextRequest): void {
  const isThere = ({ snippet }: PlannedSnippet): boolean => !isOwnText(snippet.uri, query.uri) && workspace.has(snippet.uri);
  plan.next = plan.next?.filter(isThere);
  if (plan.snippets.every(isThere) && plan.held.every(isThere)) return;
  plan.snippets = plan.snippets.filter(isThere);
  const gone = plan.held.findIndex((planned) => !isThere(planned));
  if (gone >= 0) plan.held = plan.held.slice(0, gone);
  plan.read = undefined;
}

/** Of a plan what a prompt may hold; the engine has read it then. */
function take(plan: Plan, { spareTokens, budgetTokens }: ContextRequest): readonly PlannedSnippet[] {
  plan.read = within(plan.read ?? affordable(plan.snippets, plan.held, spareTokens), budgetTokens);
  plan.held = plan.read;
  plan.readingAhead = undefined;
  return plan.read;
}

/** Tokens of the context that would be evaluated again or anew. */
function costOf({ held }: Plan, next: readonly PlannedSnippet[], spareTokens: number): number {
  return sizeOf(affordable(next, held, spareTokens).slice(commonLength(next, held)));
}

function within(snippets: readonly PlannedSnippet[], budgetTokens: number): readonly PlannedSnippet[] {
  let rest = budgetTokens;
  const end = snippets.findIndex(({ tokens }) => (rest -= tokens.length) < 0);
  return end < 0 ? snippets : snippets.slice(0, end);
}
