import { z } from 'zod';
import { languageIdOf } from '../syntax/languageIds.ts';
import { EditJournal, type Replacement } from './editJournal.ts';
import type { SourceDocument } from './suggester.ts';

/** The log of a recording is damaged. The message names the entry, without its texts. */
export class EditLogError extends Error {
  override readonly name = 'EditLogError';
}

const MAX_ENTRIES = 200_000;
/** The most text that a log's documents and stored contents have together, in UTF-16 units. */
const MAX_TEXT_UNITS = 64 * 1024 * 1024;

const id = z.number().int();
const time = z.number();
const offset = z.number().int().nonnegative();
const entrySchemas = {
  documentEncountered: z.object({ id, relativePath: z.string().min(1) }),
  setContent: z.object({ id, content: z.string() }),
  changed: z.object({ id, time, edit: z.array(z.tuple([offset, offset, z.string()])) }),
  selectionChanged: z.object({ id, selection: z.array(z.tuple([offset, offset])) }),
  storeContent: z.object({ id, contentId: z.string() }),
  restoreContent: z.object({ id, contentId: z.string() }),
};
type Kind = keyof typeof entrySchemas;
type Entry = { readonly [K in Kind]: z.infer<(typeof entrySchemas)[K]> & { readonly kind: K } }[Kind];

const logSchema = z.object({ log: z.array(z.looseObject({ kind: z.string() })) });

/**
 * Returns the entries of a recording that change documents or the cursor: `{"log": [{"kind": …}, …]}`. Entries of other
 * kinds are ignored. Throws `EditLogError` at the first entry that lacks a field.
 */
export function parseEditLog(value: unknown): readonly Entry[] {
  const { log } = parsed(logSchema, value, '');
  if (log.length > MAX_ENTRIES)
    throw new EditLogError(`the log has ${log.length} entries, expected at most ${MAX_ENTRIES}`);
  return log.flatMap((entry, index) => {
    if (!Object.hasOwn(entrySchemas, entry.kind)) return [];
    const kind = entry.kind as Kind;
    return [{ ...parsed<object>(entrySchemas[kind], entry, `log[${index}] (${kind})`), kind } as Entry];
  });
}

function parsed<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = [where, ...(issue?.path ?? [])].filter((part) => part !== '').join('.');
  throw new EditLogError(`${place === '' ? 'the file' : place}: ${issue?.message ?? 'invalid'}`);
}

/** Replays the entries of a log: holds the documents' texts, the journal and the cursor as of the last entry. */
export class EditLogReplay {
  readonly journal = new EditJournal();
  /** The place of the cursor, if the log tells it. */
  cursor: { readonly uri: string; readonly offset: number } | undefined;
  /** The time of the last change. */
  nowMs = 0;
  readonly #documents = new Map<number, { readonly path: string; text: string | undefined }>();
  readonly #stored = new Map<string, string>();
  #units = 0;

  /** `isSecret`: whether a path names a file from and into which nothing is suggested. */
  constructor(private readonly isSecret: (path: string) => boolean = () => false) {}

  /**
   * The documents with a text, the last edited first. A document's URI is its path in the log. Secret files are left
   * out.
   */
  get documents(): readonly SourceDocument[] {
    return [...this.#documents.values()].reverse().flatMap(({ path, text }) => {
      if (text === undefined || this.isSecret(path)) return [];
      return [{ uri: path, path: path.replaceAll('\\', '/'), languageId: languageOf(path, text), text }];
    });
  }

  /** Applies one entry. Throws `EditLogError` if it does not fit the entries before. */
  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'documentEncountered':
        this.#grow(-(this.#documents.get(entry.id)?.text?.length ?? 0));
        this.#documents.set(entry.id, { path: entry.relativePath, text: undefined });
        break;
      case 'setContent':
        this.#setText(entry.id, entry.content);
        break;
      case 'changed':
        this.#change(entry.id, entry.edit, entry.time);
        break;
      case 'selectionChanged': {
        const [, head] = entry.selection[0] ?? [];
        if (head !== undefined) this.cursor = { uri: this.#document(entry.id).path, offset: head };
        break;
      }
      case 'storeContent':
        this.#store(entry.contentId, this.#textOf(entry.id));
        break;
      case 'restoreContent':
        this.#setText(entry.id, this.#stored.get(entry.contentId) ?? this.#textOf(entry.id));
        break;
    }
  }

  #document(documentId: number): { readonly path: string; text: string | undefined } {
    const document = this.#documents.get(documentId);
    if (document === undefined)
      throw new EditLogError(`document ${documentId} is used before an entry "documentEncountered" names it`);
    return document;
  }

  #textOf(documentId: number): string {
    const { text } = this.#document(documentId);
    if (text === undefined)
      throw new EditLogError(`document ${documentId} is used before an entry "setContent" gives its text`);
    return text;
  }

  #setText(documentId: number, text: string): void {
    const document = this.#document(documentId);
    this.#grow(text.length - (document.text?.length ?? 0));
    if (document.text !== undefined && document.text !== text) this.journal.forget(document.path);
    document.text = text;
  }

  #store(contentId: string, text: string): void {
    this.#grow(text.length - (this.#stored.get(contentId)?.length ?? 0));
    this.#stored.set(contentId, text);
  }

  /** Counts the growth of a text. Throws `EditLogError` if the texts become too large together. */
  #grow(units: number): void {
    this.#units += units;
    if (this.#units > MAX_TEXT_UNITS)
      throw new EditLogError(`the documents and stored contents have more than ${MAX_TEXT_UNITS} characters together`);
  }

  #change(documentId: number, edit: readonly (readonly [number, number, string])[], timeMs: number): void {
    const before = this.#textOf(documentId);
    const replacements = edit
      .map(([start, end, text]): Replacement => ({ start, end, text }))
      .sort((one, other) => one.start - other.start);
    this.#grow(replacements.reduce((sum, { start, end, text }) => sum + text.length - Math.max(0, end - start), 0));
    let at = 0;
    let after = '';
    for (const { start, end, text } of replacements) {
      if (start < at || end < start || end > before.length)
        throw new EditLogError(
          `document ${documentId}: the edit [${start}, ${end}] does not fit a text of ${before.length} characters behind offset ${at}`,
        );
      after += before.slice(at, start) + text;
      at = end;
    }
    const document = this.#document(documentId);
    this.journal.record(document.path, before, replacements, timeMs);
    document.text = after + before.slice(at);
    // The map's order is the order of edits.
    this.#documents.delete(documentId);
    this.#documents.set(documentId, document);
    this.nowMs = timeMs;
    const last = replacements.at(-1);
    if (last !== undefined)
      this.cursor = { uri: document.path, offset: document.text.length - (before.length - last.end) };
  }
}

/** Returns a document's language by its path. The cells of a notebook name theirs in the line above. */
function languageOf(path: string, text: string): string {
  const [, cellLanguage] = /^#%% vscode\.cell .*\[language=([\w-]+)\]/.exec(text) ?? [];
  return cellLanguage ?? languageIdOf(path.replaceAll('\\', '/'));
}
