import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { MAX_DOCUMENT_UNITS } from '../protocol/client.ts';
import type { EditJournal } from '../nextEdits/editJournal.ts';
import { changedText } from './changedText.ts';
import { noteChanges } from './noteChanges.ts';

/** A larger document is not followed. After it has shrunk, it has to be opened again. */
const MAX_FOLLOWED_UNITS = 2 * MAX_DOCUMENT_UNITS;
/**
 * From this number of changes on, they are applied to chunks of the text. Applied one by one, each change copies the
 * whole text.
 */
const MANY_CHANGES = 8;

/** The open documents of one client, kept up to date by incremental changes. Positions count UTF-16 units. */
export class Documents {
  /**
   * Called for every document that was opened, changed or closed, or refused after a change. `line` is the line of the
   * change, counted from zero.
   */
  onDidChange: (
    uri: string,
    change: { readonly kind: 'opened' | 'closed' } | { readonly kind: 'changed'; readonly line: number },
  ) => void = () => undefined;
  /** `journal` notes the changes of documents that are open. */
  constructor(private readonly journal?: EditJournal) {}

  readonly #documents = new Map<string, TextDocument>();
  /** Documents that are too large. Unless they are far too large, they are followed in case they shrink. */
  readonly #refused = new Map<string, TextDocument | undefined>();

  /** Opens a document. Returns false if it is too large; then the document is absent until it has shrunk. */
  open(item: { uri: string; languageId: string; version: number; text: string }): boolean {
    this.close(item.uri);
    const document = TextDocument.create(item.uri, item.languageId, item.version, item.text);
    if (item.text.length > MAX_DOCUMENT_UNITS) {
      this.#refuse(item.uri, document);
      return false;
    }
    this.#documents.set(item.uri, document);
    this.onDidChange(item.uri, { kind: 'opened' });
    return true;
  }

  /**
   * Applies changes in order. Returns false if they make the document too large. Ignores a document that is not open.
   */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): boolean {
    const known = this.#documents.get(uri);
    const document = known ?? this.#refused.get(uri);
    if (!document) return true;
    if (known && this.journal) noteChanges(this.journal, known, changes);
    TextDocument.update(
      document,
      changes.length < MANY_CHANGES ? [...changes] : [{ text: changedText(document, changes) }],
      version,
    );
    if (document.getText().length > MAX_DOCUMENT_UNITS) {
      this.#refuse(uri, document);
      if (!known) return true;
      this.#documents.delete(uri);
      this.journal?.forget(uri);
      this.onDidChange(uri, { kind: 'closed' });
      return false;
    }
    const last = changes.at(-1);
    if (known)
      this.onDidChange(uri, {
        kind: 'changed',
        line: last !== undefined && 'range' in last ? last.range.start.line : 0,
      });
    else {
      this.#refused.delete(uri);
      this.#documents.set(uri, document);
      this.onDidChange(uri, { kind: 'opened' });
    }
    return true;
  }

  close(uri: string): void {
    this.journal?.forget(uri);
    this.#refused.delete(uri);
    if (this.#documents.delete(uri)) this.onDidChange(uri, { kind: 'closed' });
  }

  get(uri: string): TextDocument | undefined {
    return this.#documents.get(uri);
  }

  /** Whether the document is open in the client but was refused for its size. */
  isTooLarge(uri: string): boolean {
    return this.#refused.has(uri);
  }

  get uris(): readonly string[] {
    return [...this.#documents.keys()];
  }

  get count(): number {
    return this.#documents.size;
  }

  #refuse(uri: string, document: TextDocument): void {
    this.#refused.set(uri, document.getText().length <= MAX_FOLLOWED_UNITS ? document : undefined);
  }
}
