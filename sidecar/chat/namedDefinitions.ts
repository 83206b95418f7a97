import type { Snippet } from '../workspaceIndex/snippet.ts';
import type { ChatMessage, ContextItem } from '../protocol/client.ts';
import { namesAsked } from './namesAsked.ts';
import { type FoundItem, isWithin, itemOf, outermost, type WorkspaceSearch } from './workspaceItems.ts';

/** Names of a question that the workspace is asked for, and those whose definitions go with it. */
const MAX_CANDIDATES = 12;
const MAX_NAMES = 4;
/** A name with more definitions may mean any of them. */
const MAX_DEFINITIONS = 2;
/** Names of a conversation that the workspace is asked for, from the last question on. */
const MAX_LOOKED_UP = 100;
/** Of the definitions of a question together: who asked for none of them waits while they are read. */
const MAX_UNITS = 6_000;
const MIN_UNITS = 200;
/** Of what the last questions said the definitions stand there. */
const REMEMBERED_QUESTIONS = 6;

/**
 * Definitions of the names that a conversation's questions say, by the question that says a name first: what stands
 * with a question depends on it and those before it alone, so that the next one leaves it as it was. Nothing of what
 * `given` holds, nor of names that may mean many things.
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

/** Whether the model sees the snippet already. */
function holds({ kind, uri, text }: ContextItem, snippet: Snippet): boolean {
  return (
    kind !== 'diagnostics' &&
    uri === snippet.uri &&
    text.replaceAll('\r\n', '\n').includes(snippet.text.replaceAll('\r\n', '\n'))
  );
}

/** As many as have room, the last cut behind a line. */
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
