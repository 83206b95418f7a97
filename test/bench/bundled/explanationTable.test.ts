import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explanationList, explanationTable } from './explanationTable.ts';
import type { Explained } from './judgedFile.ts';

const explained = (id: string, verdict: Explained['verdict'], why = ''): Explained => ({
  id: `held-out/${id}`,
  digest: '',
  answer: `It is ${id}.\nReally.\n`,
  verdict,
  why,
});

describe('explanations', () => {
  it('are counted by verdict, including those not judged yet', () => {
    const judged = new Map([
      ['a', [explained('x', 'right'), explained('y', 'thin')]],
      ['b', [explained('x', 'misleading'), explained('y', 'right')]],
    ]);
    assert.deepEqual(explanationTable(judged).markdown.split('\n'), [
      '| | a | b |',
      '|---|---:|---:|',
      '| right | 1 of 2 | 1 of 2 |',
      '| thin | 1 of 2 | 0 of 2 |',
      '| misleading | 0 of 2 | 1 of 2 |',
    ]);
    const { markdown, figures } = explanationTable(new Map([['a', [explained('x', ''), explained('y', 'right')]]]));
    assert.match(markdown, /\| right \| 1 of 2 \|[\s\S]*\| not judged \| 1 \|$/);
    assert.deepEqual(figures, { a: { explained: 2, right: 1, thin: 0, misleading: 0 } });
  });

  it('are listed by function, with all models below each other', () => {
    const list = explanationList(
      new Map([
        ['a', [explained('x', 'right')]],
        ['b', [explained('x', 'misleading', 'it is not'), explained('y', '')]],
      ]),
    );
    assert.equal(
      list,
      '### 1. x\n\n**a**: right\n\n> It is x.\n> Really.\n\n**b**: misleading — it is not\n\n> It is x.\n> Really.\n\n### 2. y\n\n**b**: not judged\n\n> It is y.\n> Really.',
    );
  });
});
