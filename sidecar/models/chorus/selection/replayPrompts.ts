import type { TokenId } from '../../../protocol/engine.ts';

/** The tokens of the context that one prompt repeats. */
const REPLAYED_TOKENS = 2_048;
/** The tokens of the stretch before that show where to begin. */
const CUE_TOKENS = 8;

/**
 * The prompts that KVzip (arXiv 2505.23416) reads after a context: the context again, stretch by stretch, each behind a
 * request to repeat it. The wording is that of NVIDIA's kvpress for models without a chat template. `tokenize` takes
 * plain text, and adds no token for the beginning of a text.
 */
export function replayPrompts(
  tokenize: (text: string) => readonly TokenId[],
): (context: readonly TokenId[]) => readonly (readonly TokenId[])[] {
  const [first, later, end] = [
    '\n\nRepeat the previous context exactly.',
    '\n\nRepeat the part of the previous context exactly, starting with',
    '\n',
  ].map((text) => tokenize(text)) as [TokenId[], TokenId[], TokenId[]];
  return (context) => {
    const prompts: (readonly TokenId[])[] = [];
    for (let start = 0; start < context.length; start += REPLAYED_TOKENS) {
      const request = start === 0 ? first : [...later, ...context.slice(start - CUE_TOKENS, start)];
      prompts.push([...request, ...end, ...context.slice(start, start + REPLAYED_TOKENS)]);
    }
    return prompts;
  };
}
