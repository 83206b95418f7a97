import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { MAX_DOCUMENT_UNITS } from '../protocol/client.ts';
import { changedText } from './changedText.ts';

/** A larger document is not followed: it has to be opened again when it has shrunk. */
const MAX_FOLLOWED_UNITS = 2 * MAX_DOCUMENT_UNITS;
/** From so many on, changes are made to parts of the text: one by one, each copies all of it. */
const MANY_CHANGES = 8;

/** The open documents of one client, kept up to date by incremental changes. Positions count UTF-16 units. */
export class Documents {
  /**
   * Hears of every document that was opened, changed (`line`: where, counted from zero) or closed, or refused after a
   * change.
   */
  onDidChange: (
    uri: string,
    change: { readonly kind: 'opened' | 'closed' } | { readonly kind: 'changed'; readonly line: number },
  ) => void = () => undefined;
  readonly #documents = new Map<string, TextDocument>();
  /** Too large; followed, as long as they are not far too large, in case they shrink. */
  readonly #refused = new Map<string, TextDocument | undefined>();

  /** Takes a document; gives false when it is too large, after which it is not there until it has shrunk. */
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
   * Applies changes in order; gives false when they make the document too large. A document that is not open is left
   * alone.
   */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): boolean {
    const known = this.#documents.get(uri);
    const document = known ?? this.#refused.get(uri);
    if (!document) return true;
    TextDocument.update(
      document,
      changes.length < MANY_CHANGES ? [...changes] : [{ text: changedText(document, changes) }],
      version,
    );
    if (document.getText().length > MAX_DOCUMENT_UNITS) {
      this.#refuse(uri, document);
      if (!known) return true;
      this.#documents.delete(uri);
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
