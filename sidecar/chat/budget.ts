/** The most tokens that a chat template adds around one message. Used for estimates only, not to build a prompt. */
export const MESSAGE_OVERHEAD_TOKENS = 10;

/** Lowers the largest sizes first, all to one level, until their sum is at most `total`. */
export function levelSizes(sizes: readonly number[], total: number): number[] {
  const ascending = [...sizes].sort((a, b) => a - b);
  let rest = Math.max(0, total);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(rest / (ascending.length - index));
    if (size > share) return sizes.map((each) => Math.min(each, share));
    rest -= size;
  }
  return [...sizes];
}

/**
 * Returns how many of the oldest turns to leave out so that the rest fits `roomTokens`. If the conversation is too
 * long, half of the room is freed at once. The next turns leave out the same ones, so the engine's cached prefix stays
 * valid. `sizes` alternates user and assistant and ends with the user's question. Turns are dropped in pairs, the
 * question never.
 */
export function oldestTurnsToDrop(sizes: readonly number[], roomTokens: number): number {
  let dropped = 0;
  for (let question = 0; question < sizes.length; question += 2) {
    const size = (from: number): number => sizes.slice(from, question + 1).reduce((sum, each) => sum + each, 0);
    if (size(dropped) <= roomTokens) continue;
    while (dropped < question && size(dropped) > roomTokens / 2) dropped += 2;
  }
  return Math.min(dropped, sizes.length - 1);
}

/** Returns the beginning of `text` up to about `tokens` of its `textTokens`, if possible cut at the end of a line. */
export function cutText(text: string, textTokens: number, tokens: number): string {
  if (textTokens <= tokens) return text;
  const units = Math.max(0, Math.floor((text.length * tokens * 0.95) / textTokens));
  const lineEnd = text.lastIndexOf('\n', units);
  const cut = text.slice(0, lineEnd > units / 2 ? lineEnd : units);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
