import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { MAX_DOCUMENT_UNITS } from '../protocol/client.ts';

/** The open documents of one client, kept up to date by incremental changes. Positions count UTF-16 units. */
export class Documents {
  /** Hears of every document that was opened, changed (`line`: where, counted from zero) or closed, or refused after a change. */
  onDidChange: (uri: string, change: { readonly kind: 'opened' | 'closed' } | { readonly kind: 'changed'; readonly line: number }) => void = () => undefined;
  readonly #documents = new Map<string, TextDocument>();
  readonly #refused = new Set<string>();

  /** Takes a document; gives false when it is too large, after which its changes are ignored until it is opened again. */
  open(item: { uri: string; languageId: string; version: number; text: string }): boolean {
    this.close(item.uri);
    if (item.text.length > MAX_DOCUMENT_UNITS) {
      this.#refused.add(item.uri);
      return false;
    }
    this.#documents.set(item.uri, TextDocument.create(item.uri, item.languageId, item.version, item.text));
    this.onDidChange(item.uri, { kind: 'opened' });
    return true;
  }

  /** Applies changes in order; gives false when they make the document too large. A document that is not open is left alone. */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): boolean {
    const document = this.#documents.get(uri);
    if (!document) return true;
    TextDocument.update(document, [...changes], version);
    if (document.getText().length <= MAX_DOCUMENT_UNITS) {
      const last = changes.at(-1);
      this.onDidChange(uri, { kind: 'changed', line: last !== undefined && 'range' in last ? last.range.start.line : 0 });
      return true;
    }
    this.#documents.delete(uri);
    this.#refused.add(uri);
    this.onDidChange(uri, { kind: 'closed' });
    return false;
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
}
