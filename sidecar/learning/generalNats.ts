import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import generalCode from './generalCode.json' with { type: 'json' };

/** The tokens of a text that are given and not predicted. */
const GIVEN_TOKENS = 16;

/**
 * Returns how many nats per token a model needs for code that belongs to no workspace: a program in each of ten
 * languages, written for this measure. Rejects with `TroubleError`.
 */
export async function generalNats(
  engine: Pick<Engine, 'tokenize'> & Pick<Measuring, 'score'>,
  { special, contextSizeTokens }: Pick<LoadedModel, 'special' | 'contextSizeTokens'>,
  signal?: AbortSignal,
): Promise<number> {
  const start = special.addBos && special.bos !== undefined ? [special.bos] : [];
  let [nats, count] = [0, 0];
  for (const { lines } of generalCode) {
    signal?.throwIfAborted();
    const text = await engine.tokenize(lines.join('\n'), { special: false });
    const tokens = [...start, ...text].slice(0, contextSizeTokens);
    const scored = await engine.score(
      { prompt: tokens.slice(0, GIVEN_TOKENS), expected: tokens.slice(GIVEN_TOKENS) },
      { signal },
    );
    nats += scored.tokens.reduce((sum, each) => sum + each.nats, 0);
    count += scored.tokens.length;
  }
  return nats / count;
}
