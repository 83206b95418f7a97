import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesAsked } from '../../../sidecar/chat/namesAsked.ts';

const asked = (...questions: string[]): readonly string[] => namesAsked(questions.map((content) => ({ role: 'user', content })), 4);

describe('names of code that questions say', () => {
  const cases: readonly (readonly [question: string, names: readonly string[]])[] = [
    ['What does CartItem do?', ['CartItem']],
    ['Warum ist HTTPServer so langsam, und gross_price nicht?', ['HTTPServer', 'gross_price']],
    ['CartItemは何をしますか', ['CartItem']],
    ['Who calls total() and Cart.total?', ['total', 'Cart.total']],
    ['What are `Cart`, `größe` and `Cart::sum(2, 3)`?', ['Cart', 'größe', 'Cart::sum']],
    ['/explain parseCommand', ['parseCommand']],
    ['How do I sort a list, e.g. of prices? I use TypeScript 5.', ['TypeScript']],
    ['Is it in src/cartItem.ts, --maxItems, $HOME/cartItem or https://example.org/cartItem?', []],
    ['Fix this:\n```ts\nconst cartItem = newItem();\n```\nIt throws.', []],
    ['Cart is a word here, and so is total.', []],
    ['firstName firstName', ['firstName']],
  ];
  for (const [question, names] of cases) it(JSON.stringify(question), () => assert.deepEqual(asked(question), names));

  it('are those of the last question first, no more than are wanted, and none of an answer', () => {
    assert.deepEqual(asked('aOne aTwo aThree', 'And bOne, bTwo?'), ['bOne', 'bTwo', 'aOne', 'aTwo']);
    assert.deepEqual(namesAsked([{ role: 'user', content: 'Hello' }, { role: 'assistant', content: 'See cartItem.' }, { role: 'user', content: 'Where?' }], 4), []);
  });

  it('are found in a long text in time', () => {
    assert.deepEqual(asked('a.'.repeat(50_000)), []);
    assert.deepEqual(asked('`'.repeat(50_000)), []);
    assert.deepEqual(asked(`${'ab::'.repeat(20_000)} cartItem`), ['cartItem']);
  });
});
