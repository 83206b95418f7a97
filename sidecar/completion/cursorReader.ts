import type { ModelSession } from '../engine/engine.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';
import type { ClientSequences } from './clientSequences.ts';
import type { Cursor } from './cursor.ts';
import type { IdleBudget } from './idleBudget.ts';
import { chooseExtent } from './multiline.ts';
import type { PromptMaker } from './promptMaker.ts';
import type { CompletionRequest } from './request.ts';
import { worthCompleting } from './trigger.ts';

/** Fewer new tokens are evaluated by the request that needs them. */
const MIN_NEW_TOKENS = 16;

export interface CursorReaderOptions {
  readonly session: ModelSession;
  readonly prompts: PromptMaker;
  readonly sequences: ClientSequences;
  readonly budget: IdleBudget;
  /** Told of each prompt that is evaluated to its end. */
  readonly onRead: () => void;
  readonly log: (message: string) => void;
}

interface Reading {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** Evaluates what a completion at a client's cursor needs before anything is typed there: the first keystroke's answer then waits for its own tokens alone. */
export class CursorReader {
  readonly #readings = new Map<string, Reading>();

  constructor(private readonly options: CursorReaderOptions) {}

  /** The cursor rests at a place; what is read for another place ends. Resolves when this is read, or ended. How it fails concerns nobody: the request that needs it fails too. */
  async read(request: CompletionRequest, cursor: Cursor): Promise<void> {
    const { clientKey } = request;
    const before = this.#readings.get(clientKey);
    before?.abort.abort();
    const abort = new AbortController();
    const ended = Promise.all([before?.ended, this.#read(request, cursor, abort.signal).catch(() => undefined)]).then(() => undefined);
    const reading: Reading = { abort, ended };
    this.#readings.set(clientKey, reading);
    await ended;
    if (this.#readings.get(clientKey) === reading) this.#readings.delete(clientKey);
  }

  stop(clientKey: string): void {
    this.#readings.get(clientKey)?.abort.abort();
  }

  /** Resolves when nothing is read for a client. */
  async ended(clientKey: string): Promise<void> {
    await this.#readings.get(clientKey)?.ended;
  }

  async #read(request: CompletionRequest, cursor: Cursor, signal: AbortSignal): Promise<void> {
    const { session, prompts, sequences, budget, onRead, log } = this.options;
    const { loaded: model } = session;
    const limitMs = budget.allowanceMs();
    // A model is loaded for who types, not for who looks around.
    if (model === undefined || limitMs === 0) return;
    const fim = await prompts.fimOf(model);
    if (signal.aborted || !worthCompleting(cursor, fim !== undefined)) return;
    const prompt = await prompts.make({ request, cursor, model, fim, extent: chooseExtent(cursor, request.settings), purpose: 'asked', signal });
    if (signal.aborted || sequences.newTokens(request.clientKey, prompt.tokens) < MIN_NEW_TOKENS) return;
    const sequence = sequences.current(request.clientKey);
    let result: EngineGenerateResult | undefined;
    try {
      result = await session.engine.generate(
        { sequence, priority: 'background', tokens: prompt.tokens, maxTokens: 0, sampling: { temperature: 0 }, timeoutMs: Math.round(limitMs), contextSet: request.contextSet },
        { signal },
      );
    } finally {
      sequences.ended(sequence, prompt.tokens, result);
    }
    budget.spend(result.promptMs);
    if (result.reusedTokens + result.evaluatedTokens === prompt.tokens.length) onRead();
    log(`read at the cursor: ${result.reusedTokens} + ${result.evaluatedTokens} of ${prompt.tokens.length} prompt tokens in ${Math.round(result.promptMs)} ms (${result.stopReason})`);
  }
}
