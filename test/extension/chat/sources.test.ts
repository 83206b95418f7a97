import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContextItem } from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';
import { fake } from '../documents/support/vscode.ts';

const { sourcesOf } = await import('../../../extension/chat/sources.ts');

describe('sourcesOf', () => {
  const uri = 'file:///ws/src/a.ts';
  const cases: readonly (readonly [what: string, item: ContextItem, label: string | undefined])[] = [
    ['a file', { kind: 'file', uri, text: '' }, 'src/a.ts'],
    ['a selection', { kind: 'selection', uri, lines: [9, 19], text: '' }, 'src/a.ts:10-20'],
    ['no text without a place', { kind: 'selection', text: '' }, undefined],
    ['no problems', { kind: 'diagnostics', uri, text: '' }, undefined],
    [
      'no cell of a notebook',
      { kind: 'selection', uri: 'vscode-notebook-cell:///ws/a.ipynb', lines: [0, 1], text: '' },
      undefined,
    ],
  ];
  for (const [what, item, label] of cases) {
    it(`returns, of the attached context, ${what}`, () => {
      fake.open(['/ws'], {});
      assert.deepEqual(
        sourcesOf([item]).map((source) => source.label),
        label === undefined ? [] : [label],
      );
    });
  }

  it('returns each place once, attached places before found ones', () => {
    fake.open(['/ws'], {});
    const found = [
      { uri, path: 'src/a.ts', lines: [9, 23] as const },
      { uri: 'file:///ws/b.ts', path: 'b.ts', lines: [0, 4] as const },
    ];
    const sources = sourcesOf([{ kind: 'selection', uri, lines: [9, 19], text: '' }], found);
    assert.deepEqual(
      sources.map(({ label, line }) => [label, line]),
      [
        ['src/a.ts:10-24', 9],
        ['b.ts:1-5', 0],
      ],
    );
  });
});
