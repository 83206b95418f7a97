import type { ModelSession } from '../engine/engine.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';
import type { ClientSequences } from './clientSequences.ts';
import type { Cursor } from './cursor.ts';
import { evaluateAhead } from './evaluateAhead.ts';
import { chooseExtent } from './multiline.ts';
import type { PromptMaker } from './promptMaker.ts';
import type { CompletionRequest } from './request.ts';
import type { WorkspaceDrafts } from './workspaceDrafts.ts';

/** Evaluating so long again is not worth a sequence of its own. */
const UNFELT_LOSS_MS = 300;

/** Evaluates ahead of requests what their prompts would hold if nobody had to wait: the whole context, and much of the document. */
export class ContextReader {
  constructor(
    private readonly options: {
      readonly session: ModelSession;
      readonly prompts: PromptMaker;
      readonly sequences: ClientSequences;
      readonly drafts: WorkspaceDrafts;
      readonly log: (message: string) => void;
    },
  ) {}

  /** Reads for the next completion at a place. Gives the milliseconds that it took. */
  async read(request: CompletionRequest, cursor: Cursor, { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number }): Promise<number> {
    const { session, prompts, sequences, drafts } = this.options;
    const { clientKey } = request;
    const model = await session.model();
    const prompt = await prompts.make({ request, cursor, model, fim: await prompts.fimOf(model), extent: chooseExtent(cursor, request.settings), purpose: 'readingAhead', signal });
    if (!signal.aborted) await drafts.refresh(sequences.drafts(clientKey), request, signal);
    const unfeltTokens = prompts.tokensWithin(model, UNFELT_LOSS_MS);
    const isRead = prompts.plans.isRead(clientKey, prompt.context) && sequences.newTokens(clientKey, prompt.tokens) <= unfeltTokens;
    if (signal.aborted || isRead) return 0;
    const place = sequences.placeOf(clientKey, prompt.tokens, unfeltTokens);
    let result: EngineGenerateResult;
    try {
      result = await evaluateAhead(this.options, { place, tokens: prompt.tokens, contextSet: request.contextSet, limitMs, signal });
    } catch (error) {
      if (place.copyFrom !== undefined) sequences.confine(clientKey);
      throw error;
    }
    const { sequence = place.sequence, reusedTokens, evaluatedTokens } = result;
    // What is read of it beside goes on at the next pause, and serves when it is whole.
    const isWhole = sequence === sequences.current(clientKey) || reusedTokens + evaluatedTokens === prompt.tokens.length;
    if (isWhole && prompts.plans.readAhead(clientKey, prompt.context, Math.min(prompt.contextTokens, reusedTokens + evaluatedTokens))) {
      const left = sequences.use(clientKey, sequence);
      if (left !== undefined) await session.engine.releaseSequence(left);
    }
    return result.promptMs;
  }
}
