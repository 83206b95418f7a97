/** A closing fence at the end of a text. */
const CLOSING_FENCE = /\n[ \t]*(?:`{3,}|~{3,})[ \t]*\s*$/;

/** Returns a fence of backticks that is longer than any run of them at the start of a line of `text`. */
export function fenceFor(text: string): string {
  const longest = (text.match(/^[ \t]*`{3,}/gm) ?? []).reduce((most, run) => Math.max(most, run.trim().length), 2);
  return '`'.repeat(longest + 1);
}

/**
 * Returns the code in a model's answer: the longest fenced block, else the whole answer without a single opening or
 * closing fence. A model's thoughts (`<think>…</think>`) are excluded. Line breaks at both ends are trimmed.
 */
export function extractCode(answer: string): string {
  const text = withoutThinking(answer).replaceAll('\r\n', '\n');
  const blocks = [...text.matchAll(/^[ \t]*(`{3,}|~{3,})[^\n`]*\n([\s\S]*?)\n?^[ \t]*\1`*[ \t]*$/gm)].map(
    (match) => match[2] ?? '',
  );
  const longest = blocks.reduce<string | undefined>(
    (best, block) => (best === undefined || block.length > best.length ? block : best),
    undefined,
  );
  if (longest !== undefined) return trimLineBreaks(longest);
  const open = /^[ \t]*(?:`{3,}|~{3,})[^\n`]*\n/m.exec(text);
  const rest = open ? text.slice(open.index + open[0].length) : text.replace(CLOSING_FENCE, '');
  return trimLineBreaks(rest);
}

/**
 * Returns the code in an answer that begins behind the opening `fence`. This is all of it, with the fenced blocks
 * inside the code, unless the answer opens the fence again. A model may close the block with an indented fence or with
 * fewer backticks.
 */
export function codeBehindFence(answer: string, fence: string): string {
  const text = (isThinking(answer) ? withoutThinking(answer) : answer).replaceAll('\r\n', '\n');
  if (text.trimStart().startsWith(fence)) return extractCode(text);
  const isLastAlone = (text.match(/^[ \t]*`{3,}[^`\n]*$/gm) ?? []).length % 2 === 1;
  return trimLineBreaks(isLastAlone ? text.replace(CLOSING_FENCE, '') : text);
}

/**
 * Returns an answer without a reasoning model's thoughts, or '' while it still thinks. Some templates open the thoughts
 * themselves. Then their end mark is at the end of a line, whereas code that only names the mark continues.
 */
export function withoutThinking(answer: string): string {
  const end = (isThinking(answer) ? /<\/think>/ : /<\/think>[ \t]*(?=\r?\n|$)/).exec(answer);
  if (end) return answer.slice(end.index + end[0].length).replace(/^\s+/, '');
  return isThinking(answer) ? '' : answer;
}

function isThinking(answer: string): boolean {
  return /^\s*<think>/.test(answer);
}

function trimLineBreaks(text: string): string {
  return text.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
}
