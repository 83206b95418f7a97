import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromptBudget } from '../../../sidecar/completion/promptBudget.ts';

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
