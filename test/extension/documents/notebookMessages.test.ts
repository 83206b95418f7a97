import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellsChange, openedNotebook, type SyncedNotebook } from '../../../extension/documents/notebookMessages.ts';
import { Documents } from '../../../sidecar/front/documents.ts';
import { Notebooks } from '../../../sidecar/front/notebooks.ts';
import { didChangeNotebook, didOpenNotebook } from '../../../sidecar/front/schemas.ts';

function notebookOf(...cells: string[]): SyncedNotebook {
  return {
    uri: 'file:///a.ipynb',
    notebookType: 'jupyter-notebook',
    version: 1,
    cells: cells.map((uri) => ({ kind: 2, uri })),
  };
}

/**
 * The sidecar's side: what it knows of the cells around one, after these messages. Cells' texts came as text documents.
 */
function around(uri: string, sent: readonly string[], opened: unknown, changed?: unknown): (string[] | undefined)[] {
  const documents = new Documents();
  for (const cell of sent) documents.open({ uri: cell, languageId: 'python', version: 1, text: cell });
  const notebooks = new Notebooks(documents);
  const { notebookDocument } = didOpenNotebook.parse(opened);
  notebooks.open(
    notebookDocument.uri,
    notebookDocument.cells.map(({ document }) => document),
  );
  if (changed !== undefined) {
    const { structure } = didChangeNotebook.parse(changed).change.cells ?? {};
    assert.ok(structure);
    notebooks.splice(
      notebookDocument.uri,
      structure.array.start,
      structure.array.deleteCount,
      structure.array.cells?.map(({ document }) => document) ?? [],
    );
  }
  const cells = notebooks.around(uri);
  return [cells?.before.map(({ text }) => text), cells?.after.map(({ text }) => text)];
}

describe('notebooks reach the sidecar', () => {
  it('with their cells in order', () => {
    assert.deepEqual(around('b', ['a', 'b', 'c'], openedNotebook(notebookOf('a', 'b', 'c'))), [['a'], ['c']]);
  });

  it('with no text of a cell that was kept back', () => {
    const message = openedNotebook(notebookOf('a', 'b'));
    assert.deepEqual(message.cellTextDocuments, []);
    assert.deepEqual(around('b', ['b'], message), [[], []]);
  });

  it('again as they are after cells came, went or moved', () => {
    const opened = openedNotebook(notebookOf('a', 'b', 'c'));
    assert.deepEqual(around('b', ['a', 'b', 'c', 'new'], opened, cellsChange(notebookOf('c', 'new', 'b'), 3)), [
      ['c', 'new'],
      [],
    ]);
  });
});
