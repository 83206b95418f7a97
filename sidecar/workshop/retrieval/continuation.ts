import type { Engine } from '../../engine/engine.ts';
import type { EngineGenerateResult, TokenId } from '../../protocol/engine.ts';

/** The name of the sequence in requests to the engine. */
export const RETRIEVAL_SEQUENCE = 'retrieval';

/** The model's most likely continuation up to the end of the line. Rejects with the reason of a signal that aborts. */
export async function continuationOf(
  engine: Pick<Engine, 'generate'>,
  tokens: readonly TokenId[],
  { maxTokens, signal }: { readonly maxTokens: number; readonly signal?: AbortSignal },
): Promise<EngineGenerateResult> {
  const result = await engine.generate(
    {
      sequence: RETRIEVAL_SEQUENCE,
      priority: 'completion',
      tokens,
      maxTokens,
      sampling: { temperature: 0 },
      stop: ['\n'],
    },
    { signal },
  );
  signal?.throwIfAborted();
  return result;
}
