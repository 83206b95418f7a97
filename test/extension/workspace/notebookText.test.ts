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
    assert.deepEqual(notebookText(JSON.stringify({ cells })), {
      text: '# # Title\n# prose\n\nx = 1\ny = 2\n\nz = x',
      languageId: 'python',
    });
  });

  const languages: readonly (readonly [what: string, metadata: unknown, languageId: string, prose: string])[] = [
    ["its kernel's", { kernelspec: { language: 'R' } }, 'r', '# prose'],
    ["its kernel's, by another name", { kernelspec: { language: 'C++17' } }, 'cpp', '// prose'],
    [
      "its kernel's before that of its editor",
      { kernelspec: { language: 'C#' }, language_info: { name: 'polyglot-notebook' } },
      'csharp',
      '// prose',
    ],
    [
      'what ran in it',
      { kernelspec: { display_name: 'Julia 1.10' }, language_info: { name: 'julia' } },
      'julia',
      '# prose',
    ],
    ['one whose comments are others', { language_info: { name: 'javascript' } }, 'javascript', '// prose'],
    ['one that is not known', { kernelspec: { language: 'Wolfram' } }, 'wolfram', '# prose'],
    ['Python where nothing says', {}, 'python', '# prose'],
    ['Python where there is no metadata', undefined, 'python', '# prose'],
    [
      'Python where what is said is no name',
      { kernelspec: { language: 3 }, language_info: { name: 'x'.repeat(65) } },
      'python',
      '# prose',
    ],
  ];
  for (const [what, metadata, languageId, text] of languages) {
    it(`is in a language: ${what}`, () =>
      assert.deepEqual(
        notebookText(JSON.stringify({ cells: [{ cell_type: 'markdown', source: 'prose' }], metadata })),
        { text, languageId },
      ));
  }

  it('is none where the file is no notebook', () => {
    for (const text of ['', '{', '[]', 'null', '{"cells": 3}']) assert.equal(notebookText(text), undefined, text);
  });
});
