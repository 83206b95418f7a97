import { commonLength, isAmong, nextPlan, type PlannedSnippet, sizeOf } from '../../workspaceIndex/contextPlan.ts';
import { isOwnText } from '../../workspaceIndex/notebookUris.ts';
import { RecentMap } from '../../workspaceIndex/recentMap.ts';
import type { PlaceQuery, Snippet } from '../../workspaceIndex/snippet.ts';
import type { ClientDocument } from '../clientSequences.ts';
import { delay } from '../debounce.ts';
import {
  begin,
  costOf,
  type DocumentPlan,
  dropGone,
  planAfter,
  take,
  takeUp,
  within,
  withRead,
} from './documentPlan.ts';
import { NewestNext } from './newestNext.ts';

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
  /** Plans are read in pauses. */
  readonly isReadAhead: boolean;
  /**
   * The document from whose prompts the engine holds the beginning of this one's: this one, where it has a sequence of
   * its own. None where it holds nothing.
   */
  readonly base: string | undefined;
  readonly tokenize: (snippet: Snippet) => Promise<readonly number[]>;
  /** Ends what is read ahead. */
  readonly signal?: AbortSignal | undefined;
}

interface ClientPlans {
  /** The document of the last prompt that somebody waited for. */
  uri: string;
  /** One was made. */
  isReady: boolean;
  readonly documents: RecentMap<string, DocumentPlan>;
  readonly rankings: NewestNext;
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
/** More than have a sequence of their own. */
const MAX_PLANS = 8;

/**
 * Which pieces of the workspace stand in the prompts of each client's documents, in which order. They change seldom,
 * and never while it would be felt. A document that the engine holds something of keeps its plan while the user is in
 * others.
 */
export class ContextPlans {
  readonly #clients = new Map<string, ClientPlans>();
  readonly #tokens = new RecentMap<string, readonly number[]>(MAX_REMEMBERED_SNIPPETS);

  constructor(private readonly now: () => number) {}

  /**
   * The snippets for a prompt that somebody waits for: those that are evaluated, and as many more as may be evaluated
   * now.
   */
  async forPrompt(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const { uri } = request.query;
    const client = this.#clientOf(request.clientKey);
    const plan = this.#planFor(client, request);
    client.uri = uri;
    dropGone(plan, request);
    if (!plan.isOwn) {
      await request.workspace.whenUsable();
      await Promise.race([
        this.#rank(client, plan, request),
        delay(client.isReady ? DOCUMENT_LIMIT_MS : FIRST_LIMIT_MS, new AbortController().signal),
      ]);
      client.isReady = true;
      // A later request may have been first, and files may be gone.
      if (!plan.isOwn) {
        dropGone(plan, request);
        begin(plan, request);
      }
    } else {
      if (!client.rankings.isBusy && this.now() - plan.rankedAtMs > RANK_INTERVAL_MS)
        this.#rank(client, plan, request).catch(() => undefined);
      // What is found for an empty plan is evaluated within what may be spared anyway.
      if (plan.next !== undefined && plan.snippets.length === 0) takeUp(plan);
      if (plan.next !== undefined && costOf(plan, plan.next) + request.documentTokens <= request.cheapTokens)
        takeUp(plan);
    }
    return take(plan, request);
  }

  /**
   * The snippets as they stand, for a prompt that is made before it is asked for: nothing is ranked for it, and nothing
   * moves.
   */
  forPreparing(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const { documents, uri } = this.#clientOf(request.clientKey);
    const plan = documents.get(request.query.uri);
    if (plan === undefined || uri !== request.query.uri) return Promise.resolve([]);
    dropGone(plan, request);
    return Promise.resolve(take(plan, request));
  }

  /**
   * The whole plan, ranked anew: for a prompt that nobody waits for. Others keep what they have until it is read. None
   * where `signal` aborts meanwhile: the new plan waits then for a later prompt.
   */
  async forReadingAhead(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const client = this.#clientOf(request.clientKey);
    const plan = this.#planFor(client, request);
    await this.#rank(client, plan, request);
    if (request.signal?.aborted === true) return [];
    dropGone(plan, request);
    plan.ahead = plan.nextAfter?.(plan.ahead ?? plan.snippets) ?? plan.snippets;
    plan.readingAhead = within(plan.ahead, request.budgetTokens);
    return plan.readingAhead;
  }

  /**
   * The engine has read the first `tokens` of what `forReadingAhead` gave where a document's prompts are evaluated, and
   * holds nothing else of other files: prompts take it from now on. False where a prompt was taken since: then they
   * don't.
   */
  readAhead({ clientKey, uri }: ClientDocument, given: readonly PlannedSnippet[], tokens: number): boolean {
    if (given === NO_CONTEXT) return true;
    const plan = this.#clients.get(clientKey)?.documents.get(uri);
    if (plan?.ahead === undefined || plan.readingAhead !== given) return false;
    plan.isOwn = true;
    plan.snippets = plan.ahead;
    plan.held = within(given, tokens);
    plan.read = plan.next = plan.nextAfter = plan.ahead = plan.readingAhead = undefined;
    return true;
  }

  /** Whether the engine has read this and nothing else of other files. */
  isRead({ clientKey, uri }: ClientDocument, given: readonly PlannedSnippet[]): boolean {
    if (given === NO_CONTEXT) return true;
    const held = this.#clients.get(clientKey)?.documents.get(uri)?.held ?? [];
    return given.length === held.length && commonLength(given, held) === given.length;
  }

  /**
   * What of other files a document's prompts hold and will hold after the next pause, and which of it they find
   * evaluated; `plannedTokens` of it will stay. What they neither hold nor will, as the plan has changed before it was
   * read, is none of it.
   */
  read({ clientKey, uri }: ClientDocument): {
    readonly snippets: readonly PlannedSnippet[];
    readonly isRead: (planned: PlannedSnippet) => boolean;
    readonly plannedTokens: number;
  } {
    const plan = this.#clients.get(clientKey)?.documents.get(uri);
    if (plan === undefined || (!plan.isOwn && plan.ahead === undefined))
      return { snippets: [], isRead: () => false, plannedTokens: 0 };
    const isRead = (planned: PlannedSnippet): boolean => plan.isOwn && isAmong(plan.held, planned);
    const coming = plan.ahead ?? plan.snippets;
    const now = (plan.isOwn ? withRead(plan) : []).filter((planned) => isRead(planned) || isAmong(coming, planned));
    return {
      snippets: [...now, ...coming.filter((planned) => !isAmong(now, planned))],
      isRead,
      plannedTokens: sizeOf(coming),
    };
  }

  /** The engine holds nothing of the document any more. */
  lost({ clientKey, uri }: ClientDocument): void {
    this.#clients.get(clientKey)?.documents.delete(uri);
  }

  forget(clientKey: string): void {
    this.#clients.delete(clientKey);
    // The keys are texts.
    this.#tokens.clear();
  }

  /** Another model has other tokens. */
  clear(): void {
    this.#clients.clear();
    this.#tokens.clear();
  }

  #clientOf(clientKey: string): ClientPlans {
    let client = this.#clients.get(clientKey);
    if (client === undefined)
      this.#clients.set(
        clientKey,
        (client = { uri: '', isReady: false, documents: new RecentMap(MAX_PLANS), rankings: new NewestNext() }),
      );
    return client;
  }

  /**
   * The document's plan; where the user comes to it, and the engine holds nothing of it, one that begins with what the
   * engine holds.
   */
  #planFor(client: ClientPlans, { query: { uri }, base }: ContextRequest): DocumentPlan {
    const { documents } = client;
    const before = documents.get(uri);
    if (before !== undefined && (client.uri === uri || base === uri)) return before;
    const plan = planAfter(base === undefined ? undefined : documents.get(base), before?.ahead);
    documents.set(uri, plan);
    return plan;
  }

  /**
   * Ranks a place, once the ranking under way has ended, which is of a moment ago or of another document. Of those that
   * wait only the newest is ranked.
   */
  #rank(client: ClientPlans, plan: DocumentPlan, request: ContextRequest): Promise<void> {
    return client.rankings.run(() => {
      plan.rankedAtMs = this.now();
      return this.#rankNow(plan, request);
    });
  }

  async #rankNow(plan: DocumentPlan, { workspace, query, budgetTokens, tokenize }: ContextRequest): Promise<void> {
    if (budgetTokens <= 0) return;
    const maxSnippetUnits = Math.max(MIN_SNIPPET_UNITS, Math.floor(budgetTokens * UNITS_PER_TOKEN * SNIPPET_SHARE));
    const isProvisional = !workspace.isWhole;
    const snippets = (await workspace.snippets({ ...query, maxSnippetUnits })).filter(
      ({ uri }) => !isOwnText(uri, query.uri),
    );
    const ranked = await Promise.all(
      snippets.map(async (snippet) => ({
        snippet,
        tokens: await this.#tokensOf(snippet, query.languageId, tokenize),
        isProvisional,
      })),
    );
    plan.nextAfter = (before) =>
      nextPlan(before, ranked, {
        budgetTokens,
        isThere: ({ uri }) => !isOwnText(uri, query.uri) && workspace.has(uri),
        isUnchanged: ({ uri, revision }) => workspace.has(uri, revision),
      });
    plan.next = plan.nextAfter(plan.snippets);
  }

  async #tokensOf(
    snippet: Snippet,
    languageId: string,
    tokenize: ContextRequest['tokenize'],
  ): Promise<readonly number[]> {
    const key = `${languageId}\n${snippet.path}\n${snippet.text}`;
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const tokens = await tokenize(snippet);
    this.#tokens.set(key, tokens);
    return tokens;
  }
}
