import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PromptBudget } from '../../../../sidecar/completion/prompt/promptBudget.ts';

test('a machine with unknown speed gets a small prompt', () => {
  assert.equal(new PromptBudget().tokens(8192, 64), 512);
});

test('a fast machine gets a longer prompt, in factors of two, up to a limit', () => {
  const budget = new PromptBudget();
  budget.measured(1000, 1000);
  assert.equal(budget.tokens(8192, 64), 1024);
  for (let count = 0; count < 20; count++) budget.measured(10_000, 1000);
  assert.equal(budget.tokens(8192, 64), 4096);
});

test('a slow machine gets the tokens of a second and a half, but at least 256', () => {
  assert.equal(new PromptBudget(200).tokens(8192, 64), 256);
  assert.equal(new PromptBudget(20).tokens(8192, 64), 256);
});

test('a mostly evaluated document may take four times as many tokens, up to a quarter of the context', () => {
  assert.equal(new PromptBudget(200).documentTokens(8192, 64), 1024);
  assert.equal(new PromptBudget(200).documentTokens(2064, 64), 500);
  assert.equal(new PromptBudget(5_000).documentTokens(32_768, 64), 4096);
  assert.equal(new PromptBudget(200).documentTokens(400, 64), 256);
});

test('short evaluations do not count as a measurement', () => {
  const budget = new PromptBudget();
  budget.measured(3, 0.1);
  assert.equal(budget.tokens(8192, 64), 512);
});

test('a small context leaves room for the answer', () => {
  assert.equal(new PromptBudget().tokens(256, 100), 156);
});

describe('other files may take', () => {
  const cases: readonly (readonly [
    what: string,
    tokensPerSecond: number | undefined,
    contextSizeTokens: number,
    tokens: number,
  ])[] = [
    ['eight times the tokens of a cold prompt', 200, 32_768, 8 * 256],
    ['eight times as much while the speed is unknown', undefined, 32_768, 8 * 512],
    ['eight times as much on a faster machine', 1_000, 32_768, 8 * 1_024],
    ['16,384 tokens at most', 100_000, 131_072, 16_384],
    ['16,384 tokens if eight times as much is exactly that', 1_400, 131_072, 16_384],
    ['half of the context at most', 100_000, 8_192, 4_096],
    ['half of the context on a slow machine', 200, 2_048, 1_024],
    ['half of a context of odd size, rounded down', 200, 1_001, 500],
  ];
  for (const [what, tokensPerSecond, contextSizeTokens, tokens] of cases) {
    test(what, () => assert.equal(new PromptBudget(tokensPerSecond).contextTokens(contextSizeTokens), tokens));
  }
});
