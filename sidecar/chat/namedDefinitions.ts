import type { Snippet } from '../workspaceIndex/snippet.ts';
import type { ChatMessage, ContextItem } from '../protocol/client.ts';
import { namesAsked } from './namesAsked.ts';
import { type FoundItem, isWithin, itemOf, outermost, type WorkspaceSearch } from './workspaceItems.ts';

/** How many names of a question are looked up, and how many of them get their definitions into the prompt. */
const MAX_CANDIDATES = 12;
const MAX_NAMES = 4;
/** A name with more definitions is ambiguous. */
const MAX_DEFINITIONS = 2;
/** How many names of a conversation are looked up, from the last question back. */
const MAX_LOOKED_UP = 100;
/**
 * The most UTF-16 units of a question's definitions. The user did not ask for them and waits while they are evaluated.
 */
const MAX_UNITS = 6_000;
const MIN_UNITS = 200;
/** The definitions for this many last questions count as already in the prompt. */
const REMEMBERED_QUESTIONS = 6;

/**
 * Returns the definitions of names in a conversation's questions, by the first question with the name. They depend only
 * on this question and earlier ones, so the next question does not change them. Definitions in `given` and ambiguous
 * names are left out.
 */
export async function namedDefinitions(
  files: Pick<WorkspaceSearch, 'symbols' | 'whenUsable'> | undefined,
  messages: readonly ChatMessage[],
  given: readonly ContextItem[],
): Promise<ReadonlyMap<ChatMessage, readonly FoundItem[]>> {
  const questions = messages
    .filter(({ role }) => role === 'user')
    .map((message) => ({ message, names: namesAsked(message.content, MAX_CANDIDATES) }));
  const names = [...new Set(questions.toReversed().flatMap((question) => question.names))].slice(0, MAX_LOOKED_UP);
  const found = new Map<ChatMessage, readonly FoundItem[]>();
  if (files === undefined || names.length === 0) return found;
  await files.whenUsable();
  const definitions = new Map(
    await Promise.all(names.map(async (name) => [name, await files.symbols(name, MAX_DEFINITIONS + 1)] as const)),
  );
  const said: (readonly string[])[] = [];
  const there: (readonly Snippet[])[] = [];
  for (const question of questions) {
    const isNew = (name: string): boolean =>
      !said.slice(-REMEMBERED_QUESTIONS).some((earlier) => earlier.includes(name));
    const isMissing = (snippet: Snippet): boolean =>
      !given.some((item) => holds(item, snippet)) &&
      !there
        .slice(-REMEMBERED_QUESTIONS)
        .flat()
        .some((other) => isWithin(snippet, other));
    const known = question.names
      .filter(isNew)
      .map((name) => definitions.get(name) ?? [])
      .filter(({ length }) => length > 0 && length <= MAX_DEFINITIONS);
    const snippets = withinUnits(outermost(known.slice(0, MAX_NAMES).flat()).filter(isMissing));
    if (snippets.length > 0) found.set(question.message, snippets.map(itemOf));
    said.push(question.names);
    there.push(snippets);
  }
  return found;
}

/** Whether the model already sees the snippet. */
function holds({ kind, uri, text }: ContextItem, snippet: Snippet): boolean {
  return (
    kind !== 'diagnostics' &&
    uri === snippet.uri &&
    text.replaceAll('\r\n', '\n').includes(snippet.text.replaceAll('\r\n', '\n'))
  );
}

/** Returns as many snippets as fit, the last one cut at a line end. */
function withinUnits(snippets: readonly Snippet[]): readonly Snippet[] {
  let rest = MAX_UNITS;
  return snippets.flatMap((snippet) => {
    const end = snippet.text.length <= rest ? snippet.text.length : snippet.text.lastIndexOf('\n', rest);
    if (end < snippet.text.length && end < MIN_UNITS) return [];
    rest -= end;
    const text = snippet.text.slice(0, end);
    return [{ ...snippet, text, endLine: snippet.startLine + text.split('\n').length - 1 }];
  });
}
