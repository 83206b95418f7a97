import type { NotebookCells, NotebookCell } from '../completion/request.ts';
import type { Documents } from './documents.ts';

/** The open notebooks of one client: which cells they have, in order. The cells' texts are documents like any other. */
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

  /** The cells around a document; `undefined` where it is no notebook's cell. */
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
