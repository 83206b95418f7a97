import type { PlannedSnippet } from '../../workspaceIndex/contextPlan.ts';
import type { TextEngine } from '../../engine/engine.ts';
import type { WorkspaceContextSettings } from '../../protocol/client.ts';
import type { EngineGenerateResult, LoadedModel, TokenId } from '../../protocol/engine.ts';
import type { ClientDocument } from '../clientSequences.ts';
import { AnchorMemory, MOST_TYPED_TOKENS, takesAnchors } from './anchorMemory.ts';
import { type ComposedPrompt, composePrompt } from './composePrompt.ts';
import { fileHead, snippetTokens, takesContext } from './contextFormat.ts';
import { ContextPlans, type ContextRequest, NO_CONTEXT } from './contextPlans.ts';
import type { Cursor } from '../cursor.ts';
import { detectFim, type FimFormat } from './fim.ts';
import { type Extent, MULTI_LINE_TOKENS } from '../multiline.ts';
import { budgetOf, promptText } from './prompt.ts';
import { UNITS_PER_TOKEN } from './unitsPerToken.ts';
import { PromptBudget, type PromptSpeedMemory } from './promptBudget.ts';
import type { CompletionRequest } from '../request.ts';
import { SuffixMemory } from './suffixMemory.ts';

const CONTEXT_RESERVE_TOKENS = 32;
/** Marks and healed tokens, which a prompt has besides the text that it can afford. */
const MARK_TOKENS = 16;
/** The document's share of a cold prompt if other files are included. */
const COLD_DOCUMENT_SHARE = 0.75;
/** A user who waits for a completion does not notice an evaluation this short. */
const UNFELT_MS = 150;

export interface PromptOptions {
  readonly request: CompletionRequest;
  readonly cursor: Cursor;
  readonly model: LoadedModel;
  readonly fim: FimFormat | undefined;
  readonly extent: Extent;
  readonly purpose: PromptPurpose;
  /** Cancels reading ahead. */
  readonly signal?: AbortSignal;
}

export interface PromptMakerOptions {
  readonly session: { readonly engine: TextEngine };
  readonly speeds?: PromptSpeedMemory | undefined;
  readonly now: () => number;
  /** Returns how many tokens of a document's prompt the engine would have to evaluate. */
  readonly newTokens: (document: ClientDocument, tokens: readonly TokenId[]) => number;
  /** See `ContextRequest.base`. By default every document has its own sequence. */
  readonly baseOf?: (document: ClientDocument) => Promise<string | undefined>;
  /** Whether contexts are read ahead in pauses. Default: no. */
  readonly isReadAhead?: (request: CompletionRequest) => boolean;
  /** Called when a model was loaded, which holds no sequences yet. */
  readonly onLoaded?: (model: LoadedModel) => void;
  /** Called when the model changed, so that former completions are outdated. */
  readonly onOtherModel: () => void;
}

/**
 * Why a prompt is made. A user waits for an 'asked' prompt. A 'readingAhead' prompt reads the whole context while no
 * user waits. A 'preparing' prompt is made ahead of a request and changes nothing.
 */
export type PromptPurpose = 'asked' | 'readingAhead' | 'preparing';

const PLAN_FOR = { asked: 'forPrompt', readingAhead: 'forReadingAhead', preparing: 'forPreparing' } as const;

export interface ContextPrompt extends ComposedPrompt {
  readonly context: readonly PlannedSnippet[];
  readonly contextTokens: number;
  /** Splits the document's next prompts where this one is split. Call it when the engine holds this prompt. */
  readonly hold: () => void;
}

/** Makes the prompts of completions: their length, their parts and their workspace context. */
export class PromptMaker {
  readonly plans: ContextPlans;
  readonly #suffixes = new SuffixMemory();
  readonly #anchors = new AnchorMemory();
  readonly #budgets = new Map<string, PromptBudget>();
  #fim: { model: LoadedModel; format: Promise<FimFormat | undefined>; isAnchored: Promise<boolean> } | undefined;

  constructor(private readonly options: PromptMakerOptions) {
    this.plans = new ContextPlans(options.now);
  }

  /**
   * Returns the prompt for a place in a document. Reading ahead takes the whole context and a large part of the
   * document. Other prompts take as much if most of it is already evaluated. Otherwise they take only what may be
   * evaluated while a user waits.
   */
  async make(options: PromptOptions): Promise<ContextPrompt> {
    const { request, cursor, model, extent, purpose } = options;
    const budget = this.#budgetOf(model);
    const isAnchored = await this.#takesAnchors(model);
    const spare = CONTEXT_RESERVE_TOKENS + (isAnchored ? MOST_TYPED_TOKENS : 0);
    const reserved = extent.maxTokens + spare;
    const affordable = budget.tokens(model.contextSizeTokens, reserved);
    const wantedTokens = this.wantedContextTokens(model, request);
    // Other files get a part of a cold prompt's tokens. A short document leaves more for them.
    const coldTokens = wantedTokens > 0 ? Math.floor(affordable * COLD_DOCUMENT_SHARE) : affordable;
    // The size does not depend on the extent: prompts of another size are split elsewhere.
    const mostTokens = Math.max(coldTokens, budget.documentTokens(model.contextSizeTokens, MULTI_LINE_TOKENS + spare));
    const budgetTokens = Math.max(0, Math.min(wantedTokens, model.contextSizeTokens - mostTokens - reserved));
    const cold = promptText(cursor, budgetOf(coldTokens), request.notebookCells);
    const documentTokens = Math.min(coldTokens, Math.ceil((cold.prefix.length + cold.suffix.length) / UNITS_PER_TOKEN));
    const base = this.options.baseOf === undefined ? request.uri : await this.options.baseOf(request);
    const context =
      budgetTokens === 0
        ? NO_CONTEXT
        : await this.#context(options, {
            base,
            budgetTokens,
            spareTokens: affordable - documentTokens,
            documentTokens,
          });
    const most = await this.#compose(options, context, mostTokens);
    const isMost =
      purpose === 'readingAhead' ||
      mostTokens === coldTokens ||
      this.options.newTokens(request, most.tokens) <= affordable + MARK_TOKENS;
    const prompt = isMost ? most : await this.#compose(options, context, coldTokens);
    if (purpose === 'asked') prompt.hold();
    return prompt;
  }

  #context(
    { request, model, fim, purpose, signal }: PromptOptions,
    share: Pick<ContextRequest, 'base' | 'budgetTokens' | 'spareTokens' | 'documentTokens'>,
  ): Promise<readonly PlannedSnippet[]> {
    const { workspace, clientKey, uri, languageId, text, offset } = request;
    if (workspace === undefined) return Promise.resolve(NO_CONTEXT);
    const { engine } = this.options.session;
    const head = fileHead(fim);
    return this.plans[PLAN_FOR[purpose]]({
      ...share,
      clientKey,
      workspace,
      query: { uri, path: workspace.pathOf(uri), languageId, text, offset },
      cheapTokens: this.unfeltTokens(model),
      isReadAhead: this.options.isReadAhead?.(request) ?? false,
      tokenize: (snippet) => snippetTokens(engine, snippet, head, languageId),
      signal,
    });
  }

  /** Composes the prompt with `maxTokens` of the document, behind other files. */
  async #compose(
    { request, cursor, model, fim, purpose }: PromptOptions,
    context: readonly PlannedSnippet[],
    maxTokens: number,
  ): Promise<ContextPrompt> {
    const { clientKey, uri, languageId, workspace } = request;
    const text = promptText(cursor, budgetOf(maxTokens), request.notebookCells);
    const place = { clientKey, uri, maxTokens };
    const surroundings = { model, cursor, text };
    const isAnchored = await this.#takesAnchors(model);
    const found = isAnchored ? this.#anchors.find(place, surroundings, purpose === 'readingAhead') : undefined;
    const composed = {
      prefix: found?.prefix ?? text.prefix,
      suffix: isAnchored ? text.suffix : this.#suffixes[purpose === 'preparing' ? 'peek' : 'hold'](place, text),
    };
    const contextTokens = context.flatMap(({ tokens }) => tokens);
    const prompt = await composePrompt({
      engine: this.options.session.engine,
      model,
      fim,
      text: composed,
      path: workspace?.pathOf(uri) ?? pathOf(uri),
      languageId,
      maxTokens,
      context: contextTokens,
      anchor: found?.anchor,
      ...(isAnchored && { splitAt: this.#anchors.splitOf(place, surroundings) }),
    });
    const { split } = prompt;
    const isNew = isAnchored && split !== found?.anchor;
    const hold = (): void => {
      if (isNew && split) this.#anchors.hold(place, split, { ...surroundings, text: composed });
    };
    return { ...prompt, context, contextTokens: contextTokens.length, hold };
  }

  /** Returns how many tokens other files may take in a document's prompts, or 0 if its language takes none. */
  wantedContextTokens(model: LoadedModel, { workspace, languageId, contextSettings }: CompletionRequest): number {
    return workspace !== undefined && takesContext(languageId) ? this.contextTokens(model, contextSettings ?? {}) : 0;
  }

  /** Returns how many tokens other files may take for a client with these settings. */
  contextTokens(model: LoadedModel, settings: WorkspaceContextSettings): number {
    const most = Math.floor(model.contextSizeTokens / 2);
    return settings.workspace === false
      ? 0
      : Math.min(settings.maxTokens ?? this.#budgetOf(model).contextTokens(model.contextSizeTokens), most);
  }

  /** Returns how many tokens can be evaluated within a time, or 0 if the speed is unknown. */
  tokensWithin(model: LoadedModel, timeMs: number): number {
    return Math.floor(((this.#budgetOf(model).tokensPerSecond ?? 0) * timeMs) / 1000);
  }

  /** Returns how many tokens can be evaluated without a noticeable delay. */
  unfeltTokens(model: LoadedModel): number {
    return this.tokensWithin(model, UNFELT_MS);
  }

  #budgetOf(model: LoadedModel): PromptBudget {
    const key = speedKey(model);
    let budget = this.#budgets.get(key);
    if (budget === undefined) this.#budgets.set(key, (budget = new PromptBudget(this.options.speeds?.of(key))));
    return budget;
  }

  /** Updates the measured speed. */
  measured(model: LoadedModel, { evaluatedTokens, promptMs }: EngineGenerateResult): void {
    const budget = this.#budgetOf(model);
    budget.measured(evaluatedTokens, promptMs);
    if (budget.tokensPerSecond !== undefined) this.options.speeds?.note(speedKey(model), budget.tokensPerSecond);
  }

  /** Returns the model's fill-in-the-middle format. */
  fimOf(model: LoadedModel): Promise<FimFormat | undefined> {
    if (this.#fim?.model !== model) {
      if (this.#fim !== undefined && this.#fim.model.path !== model.path) this.options.onOtherModel();
      this.plans.clear();
      this.options.onLoaded?.(model);
      const { engine } = this.options.session;
      const format = detectFim(engine, model);
      const isAnchored = format.then((fim) => takesAnchors(engine, fim));
      this.#fim = { model, format, isAnchored };
      isAnchored.catch(() => (this.#fim = undefined));
    }
    return this.#fim?.format ?? Promise.resolve(undefined);
  }

  async #takesAnchors(model: LoadedModel): Promise<boolean> {
    await this.fimOf(model);
    return this.#fim?.isAnchored ?? false;
  }

  /** Forgets a document's prompt, because the engine holds nothing of it any more. */
  lost(document: ClientDocument): void {
    this.#suffixes.lost(document);
    this.#anchors.lost(document);
    this.plans.lost(document);
  }

  forget(clientKey: string): void {
    this.#suffixes.forget(clientKey);
    this.#anchors.forget(clientKey);
    this.plans.forget(clientKey);
  }
}

/** Returns a key of everything that a model's speed depends on. */
export function speedKey({
  path,
  engine,
  device,
  threads,
}: Pick<LoadedModel, 'path' | 'engine' | 'device' | 'threads'>): string {
  return JSON.stringify([path, engine, device, threads]);
}

/** Returns the path of a document's URI, for models that were trained with paths. */
function pathOf(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/]*)?\/?/i, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
