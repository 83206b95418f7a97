import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fittingDocuments } from '../../../sidecar/nextEdits/fittingDocuments.ts';

describe('the documents of a request', () => {
  it('are the first ones that fit together; one that does not fit leaves room for those behind it', () => {
    const documents = [4, 9, 3, 2, 1].map((units) => ({
      uri: String(units),
      path: '',
      languageId: '',
      text: 'x'.repeat(units),
    }));
    assert.deepEqual(
      fittingDocuments(documents, 8).map(({ uri }) => uri),
      ['4', '3', '1'],
    );
  });
});
