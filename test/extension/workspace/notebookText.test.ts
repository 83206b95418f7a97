import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notebookText } from '../../../extension/workspace/notebookText.ts';

describe('notebookText', () => {
  it('returns the code, with prose as comments and without outputs', () => {
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
    ["the kernel's", { kernelspec: { language: 'R' } }, 'r', '# prose'],
    ["the kernel's under another name", { kernelspec: { language: 'C++17' } }, 'cpp', '// prose'],
    [
      "the kernel's rather than the editor's",
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
    ['a language with other comments', { language_info: { name: 'javascript' } }, 'javascript', '// prose'],
    ['an unknown language', { kernelspec: { language: 'Wolfram' } }, 'wolfram', '# prose'],
    ['Python if none is stated', {}, 'python', '# prose'],
    ['Python if there is no metadata', undefined, 'python', '# prose'],
    [
      'Python if the stated language is no name',
      { kernelspec: { language: 3 }, language_info: { name: 'x'.repeat(65) } },
      'python',
      '# prose',
    ],
  ];
  for (const [what, metadata, languageId, text] of languages) {
    it(`names the language: ${what}`, () =>
      assert.deepEqual(
        notebookText(JSON.stringify({ cells: [{ cell_type: 'markdown', source: 'prose' }], metadata })),
        { text, languageId },
      ));
  }

  it('returns undefined if the file is no notebook', () => {
    for (const text of ['', '{', '[]', 'null', '{"cells": 3}']) assert.equal(notebookText(text), undefined, text);
  });
});
