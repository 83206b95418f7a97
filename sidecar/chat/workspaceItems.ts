import type { ChatParams, ContextItem, SourcePlace } from '../protocol/client.ts';
import type { Snippet } from '../workspaceIndex/snippet.ts';

/** The interface of a client's workspace for chat. */
export interface WorkspaceSearch {
  search(words: string, limit: number): Promise<readonly Snippet[]>;
  symbols(name: string, limit: number): Promise<readonly Snippet[]>;
  /** Resolves when the workspace is read, or when that takes too long. */
  whenUsable(): Promise<void>;
}

export interface FoundItem {
  readonly item: ContextItem;
  readonly place: SourcePlace;
}

const MAX_FOUND = 6;
const MAX_DEFINITIONS = 3;

export interface FoundItems {
  readonly items: readonly FoundItem[];
  /** Symbols without a definition. */
  readonly missingSymbols: readonly string[];
}

/**
 * Finds the workspace code for a question that asks for it: definitions of the given symbols, and code that matches its
 * words. Finds nothing without files.
 */
export async function workspaceItems(
  files: WorkspaceSearch | undefined,
  params: Pick<ChatParams, 'messages' | 'workspace' | 'symbols'>,
): Promise<FoundItems> {
  const { symbols = [], workspace = false, messages } = params;
  if (files === undefined) return { items: [], missingSymbols: symbols };
  if (symbols.length === 0 && !workspace) return { items: [], missingSymbols: [] };
  await files.whenUsable();
  const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const definitions = await Promise.all(symbols.map((symbol) => files.symbols(symbol, MAX_DEFINITIONS)));
  const found = [...definitions.flat(), ...(workspace ? await files.search(question, MAX_FOUND) : [])];
  // Sorts by place and not by rank, so that the same code gives the same prompt for the next question.
  return {
    items: outermost(found)
      .sort((one, other) => compare(one.path, other.path) || one.startLine - other.startLine)
      .map(itemOf),
    missingSymbols: symbols.filter((_, index) => definitions[index]?.length === 0),
  };
}

/** Removes duplicates and snippets inside other snippets. */
export function outermost(snippets: readonly Snippet[]): Snippet[] {
  return snippets.filter(
    (one, index) =>
      !snippets.some((other, at) => at !== index && isWithin(one, other) && (at < index || !isWithin(other, one))),
  );
}

/** Whether the lines of a snippet are inside another one. */
export function isWithin(one: Lines, other: Lines): boolean {
  return one.uri === other.uri && other.startLine <= one.startLine && one.endLine <= other.endLine;
}

type Lines = Pick<Snippet, 'uri' | 'startLine' | 'endLine'>;

/** Returns a snippet as a context item with its place. */
export function itemOf({ uri, path, languageId, startLine, endLine, text }: Snippet): FoundItem {
  const lines = [startLine, endLine] as const;
  return { item: { kind: 'workspace', uri, languageId, lines, text }, place: { uri, path, lines } };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
