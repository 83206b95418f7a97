import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PromptBudget } from '../../../../sidecar/completion/prompt/promptBudget.ts';

test('a machine whose speed is unknown gets a small prompt', () => {
  assert.equal(new PromptBudget().tokens(8192, 64), 512);
});

test('a fast machine gets a longer one, in steps of two, up to a bound', () => {
  const budget = new PromptBudget();
  budget.measured(1000, 1000);
  assert.equal(budget.tokens(8192, 64), 1024);
  for (let count = 0; count < 20; count++) budget.measured(10_000, 1000);
  assert.equal(budget.tokens(8192, 64), 4096);
});

test('a slow machine gets what it reads in a second and a half, and no less than 256 tokens', () => {
  assert.equal(new PromptBudget(200).tokens(8192, 64), 256);
  assert.equal(new PromptBudget(20).tokens(8192, 64), 256);
});

test('where most of it is evaluated the document may take four times as much, and a quarter of the context', () => {
  assert.equal(new PromptBudget(200).documentTokens(8192, 64), 1024);
  assert.equal(new PromptBudget(200).documentTokens(2064, 64), 500);
  assert.equal(new PromptBudget(5_000).documentTokens(32_768, 64), 4096);
  assert.equal(new PromptBudget(200).documentTokens(400, 64), 256);
});

test('short evaluations tell nothing of speed', () => {
  const budget = new PromptBudget();
  budget.measured(3, 0.1);
  assert.equal(budget.tokens(8192, 64), 512);
});

test('the answer has room in a small context', () => {
  assert.equal(new PromptBudget().tokens(256, 100), 156);
});

describe('other files may take', () => {
  const cases: readonly (readonly [
    what: string,
    tokensPerSecond: number | undefined,
    contextSizeTokens: number,
    tokens: number,
  ])[] = [
    ['eight times what a cold prompt may cost', 200, 32_768, 8 * 256],
    ['eight times as much while no speed is known', undefined, 32_768, 8 * 512],
    ['eight times as much on a faster machine', 1_000, 32_768, 8 * 1_024],
    ['16,384 tokens at most', 100_000, 131_072, 16_384],
    ['16,384 tokens where eight times as much are just so many', 1_400, 131_072, 16_384],
    ['half of the context at most', 100_000, 8_192, 4_096],
    ['half of the context, of a slow machine', 200, 2_048, 1_024],
    ['half of a context of odd size, rounded down', 200, 1_001, 500],
  ];
  for (const [what, tokensPerSecond, contextSizeTokens, tokens] of cases) {
    test(what, () => assert.equal(new PromptBudget(tokensPerSecond).contextTokens(contextSizeTokens), tokens));
  }
});
