import type { ModelSession } from '../../engine/engine.ts';
import type { ClientSequences } from '../clientSequences.ts';
import type { Cursor } from '../cursor.ts';
import { evaluateAhead } from './evaluateAhead.ts';
import { chooseExtent } from '../multiline.ts';
import type { PromptMaker } from '../prompt/promptMaker.ts';
import { NOTHING_TO_READ, type ReadingResult } from './readAhead.ts';
import type { CompletionRequest } from '../request.ts';
import type { WorkspaceTexts } from '../workspaceTexts.ts';

/** A loss of so much evaluation is not worth a second sequence. */
const UNFELT_LOSS_MS = 300;

/** Evaluates prompts ahead of requests, with the whole context and a large part of the document. */
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
   * Reads the prompt of the next completion at a place. The result is not done if reading ended early, or if a prompt
   * was made meanwhile. For a document that the user only looks at (`isVisit`) it sends no texts of whole files.
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
      // The new plan may lack files of the old one, which are not read any more.
      prompts.plans.readAhead(request, prompt.context, prompt.contextTokens);
      return NOTHING_TO_READ;
    }
    const choice = sequences.chooseForReadAhead(request, prompt.tokens, unfeltTokens);
    const result = await evaluateAhead(this.options, {
      choice,
      tokens: prompt.tokens,
      model,
      request,
      limitMs,
      signal,
    });
    const { sequence = choice.sequence, reusedTokens, evaluatedTokens } = result;
    const heldTokens = reusedTokens + evaluatedTokens;
    // A prompt in another sequence is used only when it is whole. The next pause continues it.
    const isWhole = sequences.isOf(request, sequence) || heldTokens === prompt.tokens.length;
    const isTaken =
      isWhole && prompts.plans.readAhead(request, prompt.context, Math.min(prompt.contextTokens, heldTokens));
    if (isTaken) sequences.noteReadAhead(request, sequence);
    if (isTaken && heldTokens === prompt.tokens.length) prompt.hold();
    // An expendable request without a sequence is not tried again.
    if (result.sequence === undefined && choice.isExpendable === true) return NOTHING_TO_READ;
    return {
      elapsedMs: result.promptMs,
      isDone: isTaken && heldTokens === prompt.tokens.length,
      ...(result.sequence === undefined ? {} : { heldTokens }),
    };
  }
}
