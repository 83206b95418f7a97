import type { ChatParams, ContextItem, SourcePlace } from '../protocol/client.ts';
import type { Snippet } from '../workspaceIndex/snippet.ts';

/** What chat asks of one client's workspace. */
export interface WorkspaceSearch {
  search(words: string, limit: number): Promise<readonly Snippet[]>;
  symbols(name: string, limit: number): Promise<readonly Snippet[]>;
  /** Resolves when the workspace is read, or when it takes too long to wait for it. */
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
  /** Symbols of which there is no definition. */
  readonly missingSymbols: readonly string[];
}

/**
 * What of the workspace goes with a question that asks for it: the definitions that it names, and the code that fits
 * its words. Without files nothing is found.
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
  // One order whatever the rank: the same code for the next question is then the same prompt.
  return {
    items: outermost(found)
      .sort((one, other) => compare(one.path, other.path) || one.startLine - other.startLine)
      .map(itemOf),
    missingSymbols: symbols.filter((_, index) => definitions[index]?.length === 0),
  };
}

/** Each once, and none that stands in another. */
export function outermost(snippets: readonly Snippet[]): Snippet[] {
  return snippets.filter(
    (one, index) =>
      !snippets.some((other, at) => at !== index && isWithin(one, other) && (at < index || !isWithin(other, one))),
  );
}

/** Whether lines are among others of the same file. */
export function isWithin(one: Lines, other: Lines): boolean {
  return one.uri === other.uri && other.startLine <= one.startLine && one.endLine <= other.endLine;
}

type Lines = Pick<Snippet, 'uri' | 'startLine' | 'endLine'>;

/** A piece of the workspace as what goes with a question. */
export function itemOf({ uri, path, languageId, startLine, endLine, text }: Snippet): FoundItem {
  const lines = [startLine, endLine] as const;
  return { item: { kind: 'workspace', uri, languageId, lines, text }, place: { uri, path, lines } };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
