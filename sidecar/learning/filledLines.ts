import type { TokenId } from '../protocol/engine.ts';

/** A token with its text, beside the token that the model found likeliest there. */
export interface ScoredToken {
  readonly token: TokenId;
  readonly text: string;
  readonly best: TokenId;
  readonly bestText: string;
}

/**
 * Judges line by line whether a model would have written the text. Each token is predicted with the text before it
 * given. A line counts if every token of it is the likeliest. A token with a line break may continue differently behind
 * the break: then only the line behind it is wrong.
 */
export function filledLines(
  tokens: readonly ScoredToken[],
): readonly { readonly text: string; readonly isFilled: boolean }[] {
  const lines = [{ text: '', isFilled: true }];
  const last = (): { text: string; isFilled: boolean } => lines.at(-1) as { text: string; isFilled: boolean };
  for (const { token, text, best, bestText } of tokens) {
    const parts = text.split('\n');
    for (const [index, part] of parts.entries()) {
      if (index > 0) lines.push({ text: '', isFilled: true });
      last().text += part;
      const given = parts.slice(0, index + 1).join('\n') + (index < parts.length - 1 ? '\n' : '');
      const isRight = token === best || (index < parts.length - 1 ? bestText.startsWith(given) : bestText === text);
      if (!isRight && (part !== '' || index < parts.length - 1)) last().isFilled = false;
    }
  }
  return lines;
}
