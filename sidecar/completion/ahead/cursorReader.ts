import type { ModelSession } from '../../engine/engine.ts';
import type { CacheKey } from '../completionCache.ts';
import type { ClientSequences } from '../clientSequences.ts';
import type { Cursor } from '../cursor.ts';
import { evaluateAhead } from './evaluateAhead.ts';
import type { IdleBudget } from './idleBudget.ts';
import type { InFlight } from '../inFlight.ts';
import { chooseExtent } from '../multiline.ts';
import type { PromptMaker } from '../prompt/promptMaker.ts';
import type { CompletionRequest } from '../request.ts';
import { worthCompleting } from '../trigger.ts';

/** Fewer new tokens are left to the request that needs them. */
const MIN_NEW_TOKENS = 16;

export interface CursorReaderOptions {
  readonly session: ModelSession;
  readonly prompts: PromptMaker;
  readonly sequences: ClientSequences;
  readonly budget: IdleBudget;
  readonly inFlight: InFlight;
  /** Whether the engine has nothing to do. */
  readonly isIdle: () => boolean;
  /** Called for each prompt that is evaluated to its end. */
  readonly onRead: () => void;
  readonly log: (message: string) => void;
}

/**
 * Evaluates the prompt at a client's cursor before the user types there. The completion after the first keystroke then
 * evaluates only its new tokens.
 */
export class CursorReader {
  constructor(private readonly options: CursorReaderOptions) {}

  /**
   * Reads the prompt where the cursor rests, if the engine is idle. A request for this place, or for text typed there,
   * waits for the reading and continues from it. Resolves when the reading ends. Ignores a failure, since the request
   * that needs the prompt fails in the same way.
   */
  async read(request: CompletionRequest, cursor: Cursor, key: CacheKey): Promise<void> {
    const { inFlight, isIdle } = this.options;
    const underWay = inFlight.current(key.clientKey);
    if (underWay === undefined ? !isIdle() : !underWay.isAhead || underWay.serves(key)) return;
    await inFlight.start(key, (signal) => this.#read(request, cursor, signal), true).finished.catch(() => undefined);
  }

  async #read(request: CompletionRequest, cursor: Cursor, signal: AbortSignal): Promise<void> {
    const { session, prompts, sequences, budget, onRead } = this.options;
    const { loaded: model } = session;
    const limitMs = budget.allowanceMs();
    if (model === undefined || limitMs === 0) return;
    const fim = await prompts.fimOf(model);
    if (signal.aborted || !worthCompleting(cursor, fim !== undefined)) return;
    const prompt = await prompts.make({
      request,
      cursor,
      model,
      fim,
      extent: chooseExtent(cursor, request.settings),
      purpose: 'asked',
      signal,
    });
    if (signal.aborted || sequences.newTokens(request, prompt.tokens) < MIN_NEW_TOKENS) return;
    const choice = sequences.chooseForRequest(request, prompt.tokens, prompts.unfeltTokens(model));
    const result = await evaluateAhead(this.options, {
      choice,
      tokens: prompt.tokens,
      model,
      request,
      limitMs,
      signal,
    });
    sequences.noteRequest(request, choice, prompt.tokens, result);
    budget.spend(result.promptMs);
    if (result.reusedTokens + result.evaluatedTokens === prompt.tokens.length) onRead();
  }
}
