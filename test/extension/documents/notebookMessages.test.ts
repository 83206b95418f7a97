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
 * Returns the cells around a cell as the sidecar knows them after these messages. The cells' texts came as text
 * documents.
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

describe('the messages about a notebook', () => {
  it('contain the cells in order', () => {
    assert.deepEqual(around('b', ['a', 'b', 'c'], openedNotebook(notebookOf('a', 'b', 'c'))), [['a'], ['c']]);
  });

  it('contain no text of a cell that was not sent', () => {
    const message = openedNotebook(notebookOf('a', 'b'));
    assert.deepEqual(message.cellTextDocuments, []);
    assert.deepEqual(around('b', ['b'], message), [[], []]);
  });

  it('update the cells after cells were added, removed or moved', () => {
    const opened = openedNotebook(notebookOf('a', 'b', 'c'));
    assert.deepEqual(around('b', ['a', 'b', 'c', 'new'], opened, cellsChange(notebookOf('c', 'new', 'b'), 3)), [
      ['c', 'new'],
      [],
    ]);
  });
});
