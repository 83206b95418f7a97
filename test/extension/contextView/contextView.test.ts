import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contextItems, contextTitle } from '../../../extension/contextView/contextView.ts';
import type { ContextResult, ContextSnippet } from '../../../sidecar/protocol/client.ts';

const piece = (path: string, evaluated: boolean): ContextSnippet => ({
  uri: `file:///${path}`,
  path,
  lines: [0, 9],
  kind: 'body',
  reason: 'similar',
  tokens: 100,
  evaluated,
});
const result: ContextResult = {
  index: { state: 'ready', files: 1_234 },
  budgetTokens: 4_096,
  plannedTokens: 200,
  snippets: [piece('leaves.ts', true), piece('stays.ts', true), piece('comes.ts', false)],
};

describe('contextItems and contextTitle', () => {
  it('count the tokens that prompts will have', () => {
    assert.equal(contextTitle(result), 'Context: 200 of 4,096 tokens; Files of the workspace: 1,234');
  });

  it('show the origin of each snippet, its reason, and whether it was evaluated', () => {
    assert.deepEqual(
      contextItems(result).map(({ label, detail }) => [label, detail]),
      [
        ['$(check) leaves.ts:1-10', 'The model has read it'],
        ['$(check) stays.ts:1-10', 'The model has read it'],
        ['$(clock) comes.ts:1-10', 'The model reads it when you pause'],
      ],
    );
    assert.equal(contextItems(result)[0]?.description, 'similar code; Tokens: 100');
    assert.deepEqual(contextItems({ ...result, snippets: [] }), [{ label: 'Only the document itself' }]);
  });
});
