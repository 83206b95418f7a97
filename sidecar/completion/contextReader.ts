import type { ModelSession } from '../engine/engine.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';
import type { ClientSequences } from './clientSequences.ts';
import type { Cursor } from './cursor.ts';
import { evaluateAhead } from './evaluateAhead.ts';
import { chooseExtent } from './multiline.ts';
import type { PromptMaker } from './promptMaker.ts';
import { NOTHING_TO_READ, type ReadingResult } from './readAhead.ts';
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

  /** Reads for the next completion at a place. Not done where it was ended early, or where a prompt was made meanwhile. */
  async read(request: CompletionRequest, cursor: Cursor, { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number }): Promise<ReadingResult> {
    const { session, prompts, sequences, drafts } = this.options;
    const { clientKey } = request;
    const model = await session.model();
    const prompt = await prompts.make({ request, cursor, model, fim: await prompts.fimOf(model), extent: chooseExtent(cursor, request.settings), purpose: 'readingAhead', signal });
    if (!signal.aborted) await drafts.refresh(sequences.drafts(clientKey), request, signal);
    const unfeltTokens = prompts.tokensWithin(model, UNFELT_LOSS_MS);
    const isRead = prompts.plans.isRead(clientKey, prompt.context) && sequences.newTokens(clientKey, prompt.tokens) <= unfeltTokens;
    if (signal.aborted) return NOTHING_TO_READ;
    if (isRead) {
      // The plan may be smaller than it was: what it lacks is not read any more.
      prompts.plans.readAhead(clientKey, prompt.context, prompt.contextTokens);
      return NOTHING_TO_READ;
    }
    const place = sequences.placeOf(clientKey, prompt.tokens, unfeltTokens);
    let result: EngineGenerateResult;
    try {
      result = await evaluateAhead(this.options, { place, tokens: prompt.tokens, contextSet: request.contextSet, limitMs, signal });
    } catch (error) {
      if (place.copyFrom !== undefined) sequences.confine(clientKey);
      throw error;
    }
    const { sequence = place.sequence, reusedTokens, evaluatedTokens } = result;
    const heldTokens = reusedTokens + evaluatedTokens;
    // What is read of it beside goes on at the next pause, and serves when it is whole.
    const isWhole = sequence === sequences.current(clientKey) || heldTokens === prompt.tokens.length;
    const isTaken = isWhole && prompts.plans.readAhead(clientKey, prompt.context, Math.min(prompt.contextTokens, heldTokens));
    if (isTaken) {
      const left = sequences.use(clientKey, sequence);
      if (left !== undefined) await session.engine.releaseSequence(left);
    }
    // What waited for a place only has no sequence.
    return { elapsedMs: result.promptMs, isDone: isTaken && heldTokens === prompt.tokens.length, ...(result.sequence === undefined ? {} : { heldTokens }) };
  }
}
