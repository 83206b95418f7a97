import type { ModelSession } from '../../engine/engine.ts';
import type { EngineGenerateResult, LoadedModel, TokenId } from '../../protocol/engine.ts';
import type { ClientSequences, SequenceChoice } from '../clientSequences.ts';
import type { CompletionRequest } from '../request.ts';

export interface EvaluateAheadOptions {
  readonly choice: SequenceChoice;
  readonly tokens: readonly TokenId[];
  readonly model: LoadedModel;
  /** Where the evaluated prompt is kept on disk, and the expert that evaluates it. */
  readonly request: Pick<CompletionRequest, 'contextSet' | 'expert'>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Evaluates a prompt in the background, without an answer, and notes its sequence. Rejects with `TroubleError`. */
export async function evaluateAhead(
  {
    session,
    sequences,
    log,
  }: { readonly session: ModelSession; readonly sequences: ClientSequences; readonly log: (message: string) => void },
  { choice, tokens, model, request, limitMs, signal }: EvaluateAheadOptions,
): Promise<EngineGenerateResult> {
  let result: EngineGenerateResult | undefined;
  try {
    result = await session.engine.generate(
      {
        ...choice,
        priority: 'background',
        tokens,
        maxTokens: 0,
        sampling: { temperature: 0 },
        timeoutMs: Math.round(limitMs),
        contextSet: request.contextSet?.(),
        expert: await request.expert?.(model),
      },
      { signal },
    );
  } finally {
    sequences.noteHeld(choice.sequence, tokens, result);
  }
  const { reusedTokens, evaluatedTokens, promptMs, stopReason } = result;
  log(
    `read ahead: ${reusedTokens} + ${evaluatedTokens} of ${tokens.length} prompt tokens in ${Math.round(promptMs)} ms (${stopReason})`,
  );
  return result;
}
