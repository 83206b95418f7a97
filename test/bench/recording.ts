import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { EDIT_MOVES_MS, REST_MS } from '../../extension/completion/restTimes.ts';

type Edit = readonly [start: number, endExclusive: number, text: string];

type LogEntry =
  | { readonly kind: 'documentEncountered'; readonly id: number; readonly relativePath: string; readonly time: number }
  | {
      readonly kind: 'setContent';
      readonly id: number;
      readonly content: string;
      readonly v: number;
      readonly time: number;
    }
  | {
      readonly kind: 'storeContent' | 'restoreContent';
      readonly id: number;
      readonly contentId: string;
      readonly time: number;
    }
  | {
      readonly kind: 'changed';
      readonly id: number;
      readonly edit: readonly Edit[];
      readonly v: number;
      readonly time: number;
    }
  | {
      readonly kind: 'selectionChanged';
      readonly id: number;
      readonly selection: readonly (readonly [number, number])[];
      readonly time: number;
    }
  | { readonly kind: 'documentEvent'; readonly id: number; readonly data: DocumentEvent; readonly time: number }
  | { readonly kind: 'event'; readonly data: FetchEnd; readonly time: number }
  | { readonly kind: 'header' | 'applicationStart' | 'focused'; readonly time: number };

interface DocumentEvent {
  readonly sourceId: string;
  readonly kind?: string;
  readonly requestId?: number;
  readonly source?: string;
  readonly v: number;
}

interface FetchEnd {
  readonly sourceId: string;
  readonly requestId: number;
  readonly durationMs: number;
  readonly error?: string;
  readonly result: readonly { readonly range: string; readonly text: string }[];
}

/** A change of a document: the text after it, and the cursor's place then. */
export interface Change {
  readonly timeMs: number;
  readonly documentId: number;
  readonly path: string;
  readonly version: number;
  readonly edit: readonly Edit[];
  readonly text: string;
  cursor: number;
  /** Whether the text came from an accepted suggestion instead of typing. */
  accepted: boolean;
}

/** A place where the cursor rested, for another reason than an edit. */
export interface Rest {
  readonly timeMs: number;
  readonly path: string;
  readonly text: string;
  readonly cursor: number;
}

/** The result of one request to the recorded session's own provider of suggestions. */
export interface RecordedFetch {
  readonly timeMs: number;
  readonly documentId: number;
  readonly version: number;
  readonly durationMs: number;
  readonly cancelled: boolean;
  readonly suggestions: readonly { readonly line: number; readonly column: number; readonly text: string }[];
}

export interface Recording {
  /** Each document in its first state, by its path. */
  readonly documents: ReadonlyMap<string, string>;
  readonly changes: readonly Change[];
  readonly rests: readonly Rest[];
  readonly fetches: readonly RecordedFetch[];
}

/**
 * Reads a recording of a person's editing (workspaceRecording 1.0 of VS Code's Copilot extension) and rebuilds every
 * state.
 */
export async function readRecording(file: string): Promise<Recording> {
  const { log } = JSON.parse(gunzipSync(await readFile(file)).toString('utf8')) as { log: readonly LogEntry[] };
  const paths = new Map<number, string>();
  const texts = new Map<number, string>();
  const documents = new Map<string, string>();
  const stored = new Map<string, string>();
  const lastChange = new Map<number, Change>();
  const changes: Change[] = [];
  const rests: Rest[] = [];
  /** Set until the cursor moves on, or the user types. */
  let resting: Rest | undefined;
  let changedAtMs = -Infinity;
  const starts = new Map<number, { id: number; version: number; time: number }>();
  const fetches: RecordedFetch[] = [];
  const accepted = new Set<string>();
  for (const entry of log) {
    if (entry.kind === 'changed' || entry.kind === 'selectionChanged') {
      if (resting && entry.time >= resting.timeMs) rests.push(resting);
      resting = undefined;
    }
    switch (entry.kind) {
      case 'documentEncountered':
        paths.set(entry.id, entry.relativePath.replaceAll('\\', '/'));
        break;
      case 'setContent':
        texts.set(entry.id, entry.content);
        if (!documents.has(paths.get(entry.id) ?? '')) documents.set(paths.get(entry.id) ?? '', entry.content);
        break;
      case 'storeContent':
        stored.set(entry.contentId, texts.get(entry.id) ?? '');
        break;
      case 'restoreContent':
        texts.set(entry.id, stored.get(entry.contentId) ?? '');
        break;
      case 'changed': {
        const text = apply(texts.get(entry.id) ?? '', entry.edit);
        texts.set(entry.id, text);
        changedAtMs = entry.time;
        const change: Change = {
          timeMs: entry.time,
          documentId: entry.id,
          path: paths.get(entry.id) ?? '',
          version: entry.v,
          edit: entry.edit,
          text,
          cursor: endOfLast(entry.edit),
          accepted: false,
        };
        lastChange.set(entry.id, change);
        changes.push(change);
        break;
      }
      case 'selectionChanged': {
        const change = lastChange.get(entry.id);
        const [start, cursor] = entry.selection[0] ?? [];
        const restingText = texts.get(entry.id);
        if (
          entry.time - changedAtMs >= EDIT_MOVES_MS &&
          entry.selection.length === 1 &&
          cursor !== undefined &&
          start === cursor &&
          restingText !== undefined
        ) {
          resting = {
            timeMs: entry.time + REST_MS,
            path: paths.get(entry.id) ?? '',
            text: restingText,
            cursor: Math.min(cursor, restingText.length),
          };
        }
        if (change !== undefined && cursor !== undefined && entry.time - change.timeMs < 30)
          change.cursor = Math.min(cursor, change.text.length);
        lastChange.delete(entry.id);
        break;
      }
      case 'documentEvent':
        if (entry.data.source === 'inlineSuggestion.accept') accepted.add(`${entry.id} ${entry.data.v}`);
        if (entry.data.kind === 'start' && entry.data.requestId !== undefined)
          starts.set(entry.data.requestId, { id: entry.id, version: entry.data.v, time: entry.time });
        break;
      case 'event': {
        const start = starts.get(entry.data.requestId);
        if (start === undefined) break;
        fetches.push({
          timeMs: start.time,
          documentId: start.id,
          version: start.version,
          durationMs: entry.data.durationMs,
          cancelled: entry.data.error !== undefined,
          suggestions: entry.data.result.map(({ range, text }) => ({ ...rangeStart(range), text })),
        });
        break;
      }
      case 'header':
      case 'applicationStart':
      case 'focused':
        break;
    }
  }
  for (const change of changes) change.accepted = accepted.has(`${change.documentId} ${change.version}`);
  return { documents, changes, rests, fetches };
}

function apply(text: string, edit: readonly Edit[]): string {
  let result = text;
  for (const [start, end, inserted] of [...edit].sort((one, other) => other[0] - one[0]))
    result = result.slice(0, start) + inserted + result.slice(end);
  return result;
}

function endOfLast(edit: readonly Edit[]): number {
  const [start, , text] = edit.at(-1) ?? [0, 0, ''];
  return start + text.length;
}

function rangeStart(range: string): { line: number; column: number } {
  const [, line, column] = /^\[(\d+),(\d+)/.exec(range) ?? [];
  return { line: Number(line), column: Number(column) };
}

/**
 * Returns the text typed at the cursor right after `changes[index]`, until the cursor went elsewhere. At most `limit`
 * units.
 */
export function typedAfter(changes: readonly Change[], index: number, limit: number): string {
  const from = changes[index];
  let cursor = from?.cursor ?? 0;
  let typed = '';
  for (const change of changes.slice(index + 1)) {
    if (change.documentId !== from?.documentId) continue;
    const [start, end, text] = change.edit[0] ?? [0, 0, ''];
    if (
      change.accepted ||
      change.edit.length !== 1 ||
      start !== cursor ||
      end !== start ||
      change.cursor <= start ||
      typed.length >= limit
    )
      break;
    typed += text.slice(0, change.cursor - start);
    cursor = change.cursor;
  }
  return typed;
}
