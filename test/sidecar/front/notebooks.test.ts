import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Documents } from '../../../sidecar/front/documents.ts';
import { Notebooks } from '../../../sidecar/front/notebooks.ts';

function opened(...uris: string[]): Notebooks {
  const documents = new Documents();
  for (const uri of [...uris, 'new']) documents.open({ uri, languageId: 'python', version: 1, text: `text of ${uri}` });
  const notebooks = new Notebooks(documents);
  notebooks.open('notebook', uris);
  return notebooks;
}
const texts = (notebooks: Notebooks, uri: string): string[][] | undefined => {
  const around = notebooks.around(uri);
  return around && [around.before.map(({ text }) => text), around.after.map(({ text }) => text)];
};

describe('notebook sync', () => {
  it('returns the cells before and after a cell, in order', () => {
    assert.deepEqual(texts(opened('a', 'b', 'c'), 'b'), [['text of a'], ['text of c']]);
  });

  it('follows cells that are inserted, removed and moved', () => {
    const notebooks = opened('a', 'b', 'c');
    notebooks.splice('notebook', 1, 1, ['new']);
    assert.deepEqual(texts(notebooks, 'c'), [['text of a', 'text of new'], []]);
    assert.equal(texts(notebooks, 'b'), undefined);
  });

  it('leaves out cells without a text', () => {
    const notebooks = opened('a', 'b');
    notebooks.splice('notebook', 0, 0, ['unknown']);
    assert.deepEqual(texts(notebooks, 'b'), [['text of a'], []]);
  });

  it('returns nothing for a closed notebook or another document', () => {
    const notebooks = opened('a');
    assert.equal(notebooks.around('file:///elsewhere'), undefined);
    notebooks.close('notebook');
    assert.equal(notebooks.around('a'), undefined);
  });
});
