import type { ChatParams, ContextItem, SourcePlace } from '../protocol/client.ts';
import type { Snippet } from '../context/snippet.ts';
import { namesAsked } from './namesAsked.ts';

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
/** Of names that questions say without asking for their definitions: more of one name would be a guess at which is meant. */
const MAX_NAMES = 4;
const MAX_DEFINITIONS_OF_NAME = 2;
/** Of them all: who asked for none of them waits while they are read. */
const MAX_NAMED_UNITS = 6_000;
const MIN_NAMED_UNITS = 200;

export interface FoundItems {
  readonly items: readonly FoundItem[];
  /** Symbols of which there is no definition. */
  readonly missingSymbols: readonly string[];
}

/**
 * What of the workspace goes with a question: definitions that it asks for, and those of names of code that the conversation says, where the workspace has them and they are not there yet;
 * and where it asks for that, the code that fits its words. Without files nothing is found.
 */
export async function workspaceItems(files: WorkspaceSearch | undefined, params: Pick<ChatParams, 'messages' | 'workspace' | 'symbols' | 'context'>): Promise<FoundItems> {
  const { symbols = [], workspace = false, messages, context = [] } = params;
  if (files === undefined) return { items: [], missingSymbols: symbols };
  const names = namesAsked(messages, MAX_NAMES).filter((name) => !symbols.includes(name));
  if (symbols.length === 0 && names.length === 0 && !workspace) return { items: [], missingSymbols: [] };
  await files.whenUsable();
  const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const definitions = await Promise.all(symbols.map((symbol) => files.symbols(symbol, MAX_DEFINITIONS)));
  const named = await Promise.all(names.map((name) => files.symbols(name, MAX_DEFINITIONS_OF_NAME)));
  const found = [...definitions.flat(), ...withinUnits(named.flat().filter((snippet) => !context.some((item) => holds(item, snippet))), MAX_NAMED_UNITS), ...(workspace ? await files.search(question, MAX_FOUND) : [])];
  // One order whatever the rank: the same code for the next question is then the same prompt.
  const distinct = [...new Map(found.map((snippet) => [`${snippet.uri}#${snippet.startLine}`, snippet])).values()];
  const whole = distinct.filter((one) => !distinct.some((other) => other !== one && isWithin(one, other)));
  return {
    items: whole.sort((one, other) => compare(one.path, other.path) || one.startLine - other.startLine).map(itemOf),
    missingSymbols: symbols.filter((_, index) => definitions[index]?.length === 0),
  };
}

/** As many as have room, the last cut behind a line. */
function withinUnits(snippets: readonly Snippet[], maxUnits: number): readonly Snippet[] {
  let rest = maxUnits;
  return snippets.flatMap((snippet) => {
    const end = snippet.text.length <= rest ? snippet.text.length : snippet.text.lastIndexOf('\n', rest);
    if (end < snippet.text.length && end < MIN_NAMED_UNITS) return [];
    rest -= end;
    const text = snippet.text.slice(0, end);
    return [{ ...snippet, text, endLine: snippet.startLine + text.split('\n').length - 1 }];
  });
}

/** Whether the client sends the snippet's lines itself. */
function holds({ kind, uri, lines }: ContextItem, snippet: Snippet): boolean {
  const [startLine, endLine] = lines ?? [0, Infinity];
  return kind !== 'diagnostics' && uri !== undefined && isWithin(snippet, { uri, startLine, endLine });
}

type Lines = Pick<Snippet, 'uri' | 'startLine' | 'endLine'>;

function isWithin(one: Lines, other: Lines): boolean {
  return one.uri === other.uri && other.startLine <= one.startLine && one.endLine <= other.endLine;
}

function itemOf({ uri, path, languageId, startLine, endLine, text }: Snippet): FoundItem {
  const lines = [startLine, endLine] as const;
  return { item: { kind: 'workspace', uri, languageId, lines, text }, place: { uri, path, lines } };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
