import type { PromptText } from './prompt.ts';

/**
 * For models without fill-in-the-middle: what stands after the cursor comes first, then what stands before it, and the model goes on. The
 * rest of the cursor's own line stays out, since no text begins there.
 */
export function continuationHead(text: PromptText): string {
  const lineEnd = text.suffix.indexOf('\n');
  const following = lineEnd < 0 ? '' : text.suffix.slice(lineEnd + 1);
  return following.trim() === '' ? '' : `${following.trimEnd()}\n\n`;
}
