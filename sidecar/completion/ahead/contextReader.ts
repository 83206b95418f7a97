import type { ModelSession } from '../../engine/engine.ts';
import type { ClientSequences } from '../clientSequences.ts';
import type { Cursor } from '../cursor.ts';
import { evaluateAhead } from './evaluateAhead.ts';
import { chooseExtent } from '../multiline.ts';
import type { PromptMaker } from '../prompt/promptMaker.ts';
import { NOTHING_TO_READ, type ReadingResult } from './readAhead.ts';
import type { CompletionRequest } from '../request.ts';
import type { WorkspaceTexts } from '../workspaceTexts.ts';

/** Evaluating so long again is not worth a sequence of its own. */
const UNFELT_LOSS_MS = 300;

/**
 * Evaluates ahead of requests what their prompts would hold if nobody had to wait: the whole context, and much of the
 * document.
 */
export class ContextReader {
  constructor(
    private readonly options: {
      readonly session: ModelSession;
      readonly prompts: PromptMaker;
      readonly sequences: ClientSequences;
      readonly texts: WorkspaceTexts;
      readonly log: (message: string) => void;
    },
  ) {}

  /**
   * Reads for the next completion at a place. Not done where it was ended early, or where a prompt was made meanwhile.
   * Of a document that is only looked at (`isVisit`) no whole files are given, and nothing is read where somebody would
   * lose a place for it.
   */
  async read(
    request: CompletionRequest,
    cursor: Cursor,
    { signal, limitMs, isVisit }: { readonly signal: AbortSignal; readonly limitMs: number; readonly isVisit: boolean },
  ): Promise<ReadingResult> {
    const { session, prompts, sequences, texts } = this.options;
    const model = await session.model();
    const prompt = await prompts.make({
      request,
      cursor,
      model,
      fim: await prompts.fimOf(model),
      extent: chooseExtent(cursor, request.settings),
      purpose: 'readingAhead',
      signal,
    });
    if (!signal.aborted && !isVisit) await texts.refresh(sequences.texts(request.clientKey), request, signal);
    const unfeltTokens = prompts.tokensWithin(model, UNFELT_LOSS_MS);
    const isRead =
      prompts.plans.isRead(request, prompt.context) && sequences.newTokens(request, prompt.tokens) <= unfeltTokens;
    if (signal.aborted) return NOTHING_TO_READ;
    if (isRead) {
      // The plan may be smaller than it was: what it lacks is not read any more.
      prompts.plans.readAhead(request, prompt.context, prompt.contextTokens);
      return NOTHING_TO_READ;
    }
    const choice = sequences.chooseForReadAhead(request, prompt.tokens, unfeltTokens);
    const result = await evaluateAhead(this.options, {
      choice,
      tokens: prompt.tokens,
      contextSet: request.contextSet,
      limitMs,
      signal,
    });
    const { sequence = choice.sequence, reusedTokens, evaluatedTokens } = result;
    const heldTokens = reusedTokens + evaluatedTokens;
    // What is read of it beside goes on at the next pause, and serves when it is whole.
    const isWhole = sequences.isOf(request, sequence) || heldTokens === prompt.tokens.length;
    const isTaken =
      isWhole && prompts.plans.readAhead(request, prompt.context, Math.min(prompt.contextTokens, heldTokens));
    if (isTaken) sequences.noteReadAhead(request, sequence);
    // What waited for a place only has no sequence.
    if (result.sequence === undefined && choice.isExpendable === true) return NOTHING_TO_READ;
    return {
      elapsedMs: result.promptMs,
      isDone: isTaken && heldTokens === prompt.tokens.length,
      ...(result.sequence === undefined ? {} : { heldTokens }),
    };
  }
}
