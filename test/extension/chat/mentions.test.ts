import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mentionsOf, type Mentions, withoutMentions } from '../../../extension/chat/mentions.ts';

const none: Mentions = { workspace: false, selection: false, files: [], symbols: [] };

const cases: readonly { readonly question: string; readonly asks: Partial<Mentions>; readonly reads: string }[] = [
  { question: '@workspace where are prices summed?', asks: { workspace: true }, reads: 'where are prices summed?' },
  { question: 'What does #selection do?', asks: { selection: true }, reads: 'What does the selected code do?' },
  {
    question: 'Compare #file:cart.ts with #file:src/stock.py.',
    asks: { files: ['cart.ts', 'src/stock.py'] },
    reads: 'Compare cart.ts with src/stock.py.',
  },
  { question: 'Who calls #symbol:Cart.total?', asks: { symbols: ['Cart.total'] }, reads: 'Who calls `Cart.total`?' },
  { question: '#symbol:größe #symbol:größe', asks: { symbols: ['größe'] }, reads: '`größe` `größe`' },
  {
    question: 'mail me@workspace.org about issue #selections',
    asks: {},
    reads: 'mail me@workspace.org about issue #selections',
  },
];

describe('mentionsOf', () => {
  for (const { question, asks, reads } of cases) {
    it(`reads ${JSON.stringify(question)}`, () => {
      assert.deepEqual(mentionsOf(question), { ...none, ...asks });
      assert.equal(withoutMentions(question), reads);
    });
  }
});
