import type { ModelSession } from '../engine/engine.ts';
import type { CommitMessageParams } from '../protocol/client.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { cutText, levelSizes } from './budget.ts';
import { questionTooLong } from './conversation.ts';
import { withoutThinking } from './fences.ts';
import { detectLanguage } from './detectLanguage.ts';
import { answerInstruction, isEnglish } from './answerLanguage.ts';
import { renderChat, type RenderedChat } from './renderChat.ts';

const SYSTEM_PROMPT =
  'You write git commit messages. You answer with the message alone: a subject line of at most 72 characters in the imperative that says what the change does and why, then, only if needed, an empty line and a short body.';

/** Enough for a subject and a sentence or two. A small model that goes astray stops soon. */
export const COMMIT_MESSAGE_MAX_TOKENS = 64;
const MAX_SUBJECT_UNITS = 72;

/**
 * Returns the prompt for a diff of any size. Every file keeps its name and its share of the room, and the largest files
 * are cut first. Unless `showsRecent` is false, recent subjects of the repository show their style.
 */
export async function commitMessagePrompt(
  session: ModelSession,
  model: LoadedModel,
  params: CommitMessageParams,
  { showsRecent = true }: { readonly showsRecent?: boolean } = {},
): Promise<RenderedChat> {
  const files = splitDiff(params.diff);
  const recent = recentSubjects(params);
  const language =
    params.language && params.language !== 'auto'
      ? params.language
      : ((await detectLanguage(recent.join('\n'))) ?? 'en');
  const budget = model.contextSizeTokens - Math.min(COMMIT_MESSAGE_MAX_TOKENS, Math.floor(model.contextSizeTokens / 2));

  let diffTokens = Math.max(0, budget - 256);
  for (;;) {
    const question = [
      showsRecent && recent.length > 0
        ? `Recent messages of this repository, for their style:\n${recent.map((subject) => `- ${subject}`).join('\n')}`
        : '',
      `Files changed: ${files
        .map(({ name }) => name)
        .join(', ')
        .slice(0, diffTokens * 2)}`,
      `\`\`\`diff\n${await fitDiff(session, files, diffTokens)}\n\`\`\``,
      `Write the commit message for this diff.${isEnglish(language) ? '' : ` ${answerInstruction(language)}`}`,
    ]
      .filter(Boolean)
      .join('\n\n');
    const rendered = await renderChat(
      session,
      model,
      [
        { role: 'system', content: SYSTEM_PROMPT },
        { role: 'user', content: question },
      ],
      {
        // Thoughts would use up the few tokens of a message.
        withholdThoughts: true,
      },
    );
    const excess = rendered.tokens.length - budget;
    if (excess <= 0) return rendered;
    if (diffTokens === 0) throw questionTooLong(model, rendered.tokens.length, budget);
    diffTokens = Math.max(0, diffTokens - excess - 16);
  }
}

/** Whether a message has the subject of a recent one, as small models copy it. */
export function repeatsRecent(message: string, params: CommitMessageParams): boolean {
  const subject = message.split('\n')[0]!.toLowerCase();
  return recentSubjects(params).some((recent) => recent.toLowerCase() === subject);
}

function recentSubjects({ recentMessages = [] }: CommitMessageParams): readonly string[] {
  return recentMessages
    .map((message) => message.split('\n')[0]?.trim() ?? '')
    .filter(Boolean)
    .slice(0, 5);
}

export interface FileDiff {
  readonly name: string;
  readonly text: string;
}

/** Splits a diff in git's format by file. */
export function splitDiff(diff: string): FileDiff[] {
  return diff
    .split(/^(?=diff --git )/m)
    .filter((part) => part.trim() !== '')
    .map((text) => ({
      name: /^\+\+\+ b\/(.*)$/m.exec(text)?.[1] ?? /^diff --git a\/.* b\/(.*)$/m.exec(text)?.[1] ?? '',
      text: text.trimEnd(),
    }));
}

async function fitDiff(session: ModelSession, files: readonly FileDiff[], tokens: number): Promise<string> {
  const bounded = files.map(({ text }) => text.slice(0, tokens * 8));
  const sizes = await Promise.all(bounded.map(async (text) => (await session.engine.tokenize(text)).length + 1));
  const levels = levelSizes(sizes, tokens);
  return bounded
    .map((text, index) => cutText(text, sizes[index] ?? 0, levels[index] ?? 0))
    .filter(Boolean)
    .join('\n');
}

/**
 * Extracts a commit message from a model's answer, without fence, quotes or "Commit message:". `isCut`: the answer
 * ended at its limit. Then an unfinished last sentence of the body is dropped, and an unfinished subject gives ''.
 */
export function cleanCommitMessage(answer: string, isCut = false): string {
  const text = withoutThinking(answer)
    .replace(/^[ \t]*`{3,}.*$/gm, '')
    .trim()
    .replace(/^here(?: is|'s|’s)[^\n]*:\s*\n+/i, '')
    .replace(/^(?:\*\*)?(?:commit message|subject)(?:\*\*)?:(?:\*\*)?\s*/i, '')
    .trim();
  const [first = '', ...rest] = text.split('\n');
  if (isCut && rest.length === 0) return '';
  const subject = first
    .trim()
    .replace(/^#+\s+/, '')
    .replace(/^(["'`]|\*\*)(.*)\1$/, '$2')
    .replace(/\.$/, '');
  const whole = rest.join('\n').trim();
  const body = isCut ? (/^[^]*[.!?。！？](?=\s|$)/.exec(whole)?.[0] ?? '') : whole;
  return body === '' ? subject : `${subject}\n\n${body}`;
}

/**
 * Turns an answer under `COMMIT_SUBJECT_GRAMMAR` into a subject that fits a line. A long or cut subject loses trailing
 * words that make no sense at its end.
 */
export function cleanCommitSubject(answer: string, isCut: boolean): string {
  const sentence = /^.*?[^.\s](?=\.(?:\s|$))/.exec(answer)?.[0];
  const text = (sentence ?? answer).trim();
  if (text.length <= MAX_SUBJECT_UNITS && (sentence !== undefined || !isCut)) return text;
  const words = text
    .slice(0, MAX_SUBJECT_UNITS + 1)
    .split(/\s+/)
    .slice(0, -1);
  while (words.length > 1 && UNFINISHED.test(words.at(-1) ?? '')) words.pop();
  return words.join(' ').replace(/[,;:]$/, '');
}

/** Words that do not end a sentence. */
const UNFINISHED =
  /^(?:a|an|the|and|or|but|to|of|in|on|at|by|for|from|with|into|as|that|which|when|where|if|so|is|are|be|it|its|this|these|their)[,;:]?$/i;

/** Long enough for a subject. */
export const COMMIT_SUBJECT_MAX_TOKENS = 24;
/**
 * A GBNF grammar for a subject that begins with a verb, used if the model's first answer was no message. It has no
 * repetition counts, since they make a grammar slow.
 */
export const COMMIT_SUBJECT_GRAMMAR =
  'root ::= ("Add" | "Change" | "Document" | "Fix" | "Improve" | "Move" | "Remove" | "Rename" | "Simplify" | "Test" | "Update") " " [^\\n`*"]+';

/** Whether a cleaned answer is a message. A repeated diff, code, prose without a subject and '' are not. */
export function isCommitMessage(message: string): boolean {
  const subject = message.split('\n')[0] ?? '';
  return (
    subject.length <= MAX_SUBJECT_UNITS &&
    /\p{L}{2}/u.test(subject) &&
    !/^(?:diff --git|@@|[+-]{3} |index [0-9a-f]{7})/m.test(message) &&
    !/[{};]\s*$/.test(subject)
  );
}
