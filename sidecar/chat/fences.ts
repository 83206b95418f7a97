/** One with which a text ends. */
const CLOSING_FENCE = /\n[ \t]*(?:`{3,}|~{3,})[ \t]*\s*$/;

/** A fence of backticks longer than any run of them that begins a line of `text`. */
export function fenceFor(text: string): string {
  const longest = (text.match(/^[ \t]*`{3,}/gm) ?? []).reduce((most, run) => Math.max(most, run.trim().length), 2);
  return '`'.repeat(longest + 1);
}

/**
 * The code in a model's answer: the longest fenced block, else the whole answer without a lone opening or closing
 * fence. A model's thinking (`<think>…</think>`) is no part of it. Line breaks at both ends are taken off.
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
 * The code in an answer that was begun behind the opening `fence`: all of it, with the fenced blocks that the code
 * itself holds, unless the answer opens one anew. A model may close it by other signs than `fence` alone on a line:
 * indented, or fewer.
 */
export function codeBehindFence(answer: string, fence: string): string {
  const text = (isThinking(answer) ? withoutThinking(answer) : answer).replaceAll('\r\n', '\n');
  if (text.trimStart().startsWith(fence)) return extractCode(text);
  const isLastAlone = (text.match(/^[ \t]*`{3,}[^`\n]*$/gm) ?? []).length % 2 === 1;
  return trimLineBreaks(isLastAlone ? text.replace(CLOSING_FENCE, '') : text);
}

/**
 * An answer without what a reasoning model thought before it; empty while it is still thinking. Some templates open the
 * thoughts themselves: then their end stands at a line's end, where code that only names the mark goes on.
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
