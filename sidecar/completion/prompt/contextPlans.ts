import { LRUCache } from 'lru-cache';
import { commonLength, isAmong, nextPlan, type PlannedSnippet, sizeOf } from '../../workspaceIndex/contextPlan.ts';
import { isOwnText } from '../../workspaceIndex/notebookUris.ts';
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
import { NewestNext } from '../../common/newestNext.ts';
import { UNITS_PER_TOKEN } from './unitsPerToken.ts';

/** The interface of a client's workspace for completion. */
export interface WorkspaceSource {
  snippets(query: PlaceQuery): Promise<readonly Snippet[]>;
  texts(query: PlaceQuery, maxUnits: number): Promise<readonly { readonly uri: string; readonly text: string }[]>;
  /** Resolves when the workspace is read, or when that takes too long. */
  whenUsable(): Promise<void>;
  /** Whether all listed files are read. */
  readonly isWhole: boolean;
  /** Whether the workspace has the file. With `revision`: whether the file still has these contents. */
  has(uri: string, revision?: number): boolean;
  pathOf(uri: string): string;
}

export interface ContextRequest {
  readonly clientKey: string;
  readonly workspace: WorkspaceSource;
  readonly query: Omit<PlaceQuery, 'maxSnippetUnits'>;
  /** The most tokens for other files. */
  readonly budgetTokens: number;
  /** How many of these may be evaluated while the user waits. */
  readonly spareTokens: number;
  /** A new plan is used at once if evaluating its changes and the document costs at most this many tokens. */
  readonly cheapTokens: number;
  readonly documentTokens: number;
  /** Whether plans are read ahead in pauses. */
  readonly isReadAhead: boolean;
  /**
   * The document whose sequence holds the start of this document's prompt: the document itself if it has its own
   * sequence. `undefined` if the engine holds nothing.
   */
  readonly base: string | undefined;
  readonly tokenize: (snippet: Snippet) => Promise<readonly number[]>;
  /** Cancels reading ahead. */
  readonly signal?: AbortSignal | undefined;
}

interface ClientPlans {
  /** The document of the last prompt that a user waited for. */
  uri: string;
  /** Whether the client's first ranking is done. */
  isReady: boolean;
  readonly documents: LRUCache<string, DocumentPlan>;
  readonly rankings: NewestNext;
}

/** The plan of prompts without other files. */
export const NO_CONTEXT: readonly PlannedSnippet[] = [];

/** A place is ranked again after this time. The document hardly changes faster. */
const RANK_INTERVAL_MS = 1_500;
/**
 * How long a first completion in a document waits for the index. The client's very first one waits longer, since
 * nothing is prepared for it.
 */
const DOCUMENT_LIMIT_MS = 100;
const FIRST_LIMIT_MS = 500;
/** A snippet takes at most this share of the budget. */
const SNIPPET_SHARE = 0.3;
const MAX_REMEMBERED_SNIPPETS = 1_000;
const MIN_SNIPPET_UNITS = 600;
/** More documents than have a sequence of their own. */
const MAX_PLANS = 8;

/**
 * The snippets of the workspace in the prompts of each client's documents, in order. They change seldom, and never when
 * the user would notice a delay. A document keeps its plan while the engine holds its sequence.
 */
export class ContextPlans {
  readonly #clients = new Map<string, ClientPlans>();
  readonly #tokens = new LRUCache<string, readonly number[]>({ max: MAX_REMEMBERED_SNIPPETS });

  constructor(private readonly now: () => number) {}

  /**
   * Returns the snippets for a prompt that a user waits for: the evaluated ones, and as many more as may be evaluated
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
      // A later request may have begun the plan, and files may be gone.
      if (!plan.isOwn) {
        dropGone(plan, request);
        begin(plan, request);
      }
    } else {
      if (!client.rankings.isBusy && this.now() - plan.rankedAtMs > RANK_INTERVAL_MS)
        this.#rank(client, plan, request).catch(() => undefined);
      // An empty plan takes the new snippets at once, since their evaluation stays within the spare tokens.
      if (plan.next !== undefined && plan.snippets.length === 0) takeUp(plan);
      if (plan.next !== undefined && costOf(plan, plan.next) + request.documentTokens <= request.cheapTokens)
        takeUp(plan);
    }
    return take(plan, request);
  }

  /** Returns the present snippets for a prompt made ahead of a request. Ranks nothing and changes nothing. */
  forPreparing(request: ContextRequest): Promise<readonly PlannedSnippet[]> {
    const { documents, uri } = this.#clientOf(request.clientKey);
    const plan = documents.get(request.query.uri);
    if (plan === undefined || uri !== request.query.uri) return Promise.resolve([]);
    dropGone(plan, request);
    return Promise.resolve(take(plan, request));
  }

  /**
   * Returns the whole plan, ranked again, for a prompt of reading ahead. Other prompts keep their snippets until it is
   * read. Returns none if `signal` aborts meanwhile; then the new plan waits for a later prompt.
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
   * Notes that the engine has read the first `tokens` of the plan from `forReadingAhead`, in the place where the
   * document's prompts are evaluated. The engine then holds nothing else of other files, and prompts use that plan.
   * Returns false if a prompt was taken since; then they do not use it.
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

  /** Whether the engine has read exactly these snippets of other files. */
  isRead({ clientKey, uri }: ClientDocument, given: readonly PlannedSnippet[]): boolean {
    if (given === NO_CONTEXT) return true;
    const held = this.#clients.get(clientKey)?.documents.get(uri)?.held ?? [];
    return given.length === held.length && commonLength(given, held) === given.length;
  }

  /**
   * Returns the snippets that a document's prompts hold now or will hold after the next pause, and which of them are
   * evaluated. `plannedTokens` of them will stay. A snippet that the plan dropped before it was read is not included.
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

  /** Forgets a document's plan, because the engine holds nothing of it any more. */
  lost({ clientKey, uri }: ClientDocument): void {
    this.#clients.get(clientKey)?.documents.delete(uri);
  }

  forget(clientKey: string): void {
    this.#clients.delete(clientKey);
    // Texts of the workspace are in the keys.
    this.#tokens.clear();
  }

  /** Forgets everything, because another model has other tokens. */
  clear(): void {
    this.#clients.clear();
    this.#tokens.clear();
  }

  #clientOf(clientKey: string): ClientPlans {
    let client = this.#clients.get(clientKey);
    if (client === undefined)
      this.#clients.set(
        clientKey,
        (client = { uri: '', isReady: false, documents: new LRUCache({ max: MAX_PLANS }), rankings: new NewestNext() }),
      );
    return client;
  }

  /**
   * Returns the document's plan. If the user comes to a document that the engine does not hold, the plan begins with
   * what the engine holds.
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
   * Ranks a place after the running ranking has ended, which is of an earlier moment or another document. Of several
   * waiting rankings only the newest runs.
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
