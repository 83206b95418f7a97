import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notebookText } from '../../../extension/workspace/notebookText.ts';

describe('the text of a notebook', () => {
  it('is its code, with its prose as comments, and nothing of its outputs', () => {
    const cells = [
      { cell_type: 'markdown', source: ['# Title\n', 'prose'] },
      { cell_type: 'code', source: ['x = 1\n', 'y = 2\n'], outputs: [{ text: 'secret output' }] },
      { cell_type: 'code', source: 'z = x' },
    ];
    assert.equal(notebookText(JSON.stringify({ cells })), '# # Title\n# prose\n\nx = 1\ny = 2\n\nz = x');
  });

  it('is none where the file is no notebook', () => {
    for (const text of ['', '{', '[]', 'null', '{"cells": 3}']) assert.equal(notebookText(text), undefined, text);
  });
});
