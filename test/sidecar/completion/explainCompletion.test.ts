import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCompletion, type MadeCompletion } from '../../../sidecar/completion/explainCompletion.ts';
import type { Snippet } from '../../../sidecar/workspaceIndex/snippet.ts';

const snippet = (name: string, text: string, kind: Snippet['kind'] = 'body'): MadeCompletion['context'][number] => ({
  snippet: {
    uri: `file:///${name}`,
    path: name,
    languageId: 'typescript',
    revision: 1,
    kind,
    reason: 'imported',
    startLine: 10,
    endLine: 12,
    text,
    score: 1,
  },
  tokens: [1, 2, 3],
});
const made = (text: string, documentText = 'import { Cart } from "./cart";\n'): MadeCompletion => ({
  text,
  documentText,
  promptTokens: 100,
  contextTokens: 60,
  context: [
    snippet('cart.ts', 'class Cart {\n  $total(taxRate) {\n  }'),
    snippet('tax.ts', 'const taxRate = 0.2;\nconst total = 1;', 'signatures'),
  ],
  counted: [{ uri: 'file:///rates.ts', path: 'rates.ts', text: 'const taxRate = 1;\n\nconst reduced = 0.5;' }],
  result: {
    text,
    reusedTokens: 90,
    evaluatedTokens: 10,
    promptMs: 5,
    generateMs: 7,
    stopReason: 'stop',
    tokens: 3,
  } as unknown as MadeCompletion['result'],
});

describe('explainCompletion', () => {
  it('counts the tokens of the prompt and the evaluated tokens', () => {
    const { documentTokens, contextTokens, reusedTokens, evaluatedTokens, promptMs, generateMs } = explainCompletion(
      made('new Cart()'),
    );
    assert.deepEqual(
      { documentTokens, contextTokens, reusedTokens, evaluatedTokens, promptMs, generateMs },
      { documentTokens: 40, contextTokens: 60, reusedTokens: 90, evaluatedTokens: 10, promptMs: 5, generateMs: 7 },
    );
  });

  it('tells the sources of whole names that are not in the document', () => {
    const { names } = explainCompletion(made('new Cart().$total(taxRate, total, unknown)'));
    assert.deepEqual(names, [
      { name: '$total', uri: 'file:///cart.ts', path: 'cart.ts', line: 11 },
      { name: 'taxRate', uri: 'file:///cart.ts', path: 'cart.ts', line: 11 },
      { name: 'total', uri: 'file:///tax.ts', path: 'tax.ts', line: 10 },
    ]);
  });

  it('looks in whole files with n-grams if no snippet of the prompt has the name', () => {
    assert.deepEqual(explainCompletion(made('taxRate * reduced')).names, [
      { name: 'taxRate', uri: 'file:///cart.ts', path: 'cart.ts', line: 11 },
      { name: 'reduced', uri: 'file:///rates.ts', path: 'rates.ts', line: 2 },
    ]);
  });

  it('does not take a longer name in the document for the same name', () => {
    assert.deepEqual(
      explainCompletion(made('total', 'const totals = 1;')).names.map(({ name }) => name),
      ['total'],
    );
    assert.deepEqual(explainCompletion(made('total', 'const total = 1;')).names, []);
  });
});
