import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesAsked } from '../../../sidecar/chat/namesAsked.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';

describe('namesAsked', () => {
  const cases: readonly (readonly [question: string, names: readonly string[]])[] = [
    ['What does CartItem do?', ['CartItem']],
    ['Warum ist HTTPServer so langsam, und gross_price nicht?', ['HTTPServer', 'gross_price']],
    ['Was macht die sendMail-Funktion der CartItem- und CartLine-Klassen?', ['sendMail', 'CartItem', 'CartLine']],
    ['CartItem-et, getTotal-а, CartItem/CartLine', ['CartItem', 'getTotal', 'CartLine']],
    ['CartItemは何をしますか', ['CartItem']],
    ['ماذا يفعل CartItem؟', ['CartItem']],
    ['Who calls total(), Cart.total and cart?.sum()?', ['total', 'Cart.total', 'cart.sum']],
    [
      'Is `größe` less than CartItem, or `Cart::sum(2, 3)` than cartLine?',
      ['größe', 'CartItem', 'Cart::sum', 'cartLine'],
    ],
    ['/explain parseCommand', ['parseCommand']],
    ['How do I sort a list, e.g. of prices, in O(n) or log(n)? I use TypeScript 5.', ['TypeScript']],
    ['Which file(s), item(s) and Kolleg(inn)en?', []],
    [
      'See src/cartItem.ts, (src/cartItem.ts:12:3), ./cartItem/total, $HOME/cartItem/total, firstName@example.org and --maxItems',
      [],
    ],
    ['See https://example.org/cartItem?plain=1&myParam=2#fooBar.', []],
    ['Fix this:\n```ts\nconst cartItem = newItem();\n```\nIt throws.', []],
    ['Cart is a word here, and so is total.', []],
    ['firstName firstName', ['firstName']],
  ];
  for (const [question, names] of cases)
    it(JSON.stringify(question), () => assert.deepEqual(namesAsked(question, 4), names));

  it('returns at most the wanted number', () => assert.deepEqual(namesAsked('aOne aTwo aThree', 2), ['aOne', 'aTwo']));

  for (const text of [
    'a.',
    'ab::',
    '`',
    '``',
    '`a',
    '(',
    '/',
    './',
    'a/',
    'a@',
    '@',
    'aB',
    'a_',
    'aB ',
    '«"',
    '?.',
    'é',
    'https://a',
  ])
    it(`takes one pass over ${JSON.stringify(text)} repeated many times`, () =>
      assertGrowsLinearly(100_000, (length) => namesAsked(text.repeat(length / text.length), 12)));
});
