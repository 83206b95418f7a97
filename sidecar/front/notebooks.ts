import type { NotebookCells, NotebookCell } from '../completion/request.ts';
import type { Documents } from './documents.ts';

/** The open notebooks of one client, each with its cells in order. The texts of the cells are ordinary documents. */
export class Notebooks {
  readonly #cells = new Map<string, string[]>();

  constructor(private readonly documents: Documents) {}

  open(notebook: string, cells: readonly string[]): void {
    this.#cells.set(notebook, [...cells]);
  }

  /** Replaces `deleteCount` cells from `start` on. */
  splice(notebook: string, start: number, deleteCount: number, cells: readonly string[]): void {
    const known = this.#cells.get(notebook);
    if (known) this.#cells.set(notebook, [...known.slice(0, start), ...cells, ...known.slice(start + deleteCount)]);
  }

  close(notebook: string): void {
    this.#cells.delete(notebook);
  }

  /** Returns the cells around a document, or `undefined` if the document is not a notebook cell. */
  around(uri: string): NotebookCells | undefined {
    for (const cells of this.#cells.values()) {
      const index = cells.indexOf(uri);
      if (index >= 0) return { before: this.#texts(cells.slice(0, index)), after: this.#texts(cells.slice(index + 1)) };
    }
    return undefined;
  }

  #texts(cells: readonly string[]): NotebookCell[] {
    return cells.flatMap((uri) => {
      const document = this.documents.get(uri);
      return document ? [{ languageId: document.languageId, text: document.getText() }] : [];
    });
  }
}
