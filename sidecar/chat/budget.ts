/** Tokens that a chat template adds around one message, at most; used to estimate, never to build a prompt. */
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
 * How many of the oldest turns to leave out so that the rest fits `roomTokens`. When the conversation outgrows the
 * room, half of the room is freed at once, and the same conversation one turn later leaves out the same turns: the
 * engine's cached prefix stays valid in between. `sizes` alternates user and assistant and ends with the user's
 * question; turns go in pairs, the question never.
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

/** The beginning of `text` up to about `tokens` of its `textTokens`, cut at a line's end where there is one. */
export function cutText(text: string, textTokens: number, tokens: number): string {
  if (textTokens <= tokens) return text;
  const units = Math.max(0, Math.floor((text.length * tokens * 0.95) / textTokens));
  const lineEnd = text.lastIndexOf('\n', units);
  const cut = text.slice(0, lineEnd > units / 2 ? lineEnd : units);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
