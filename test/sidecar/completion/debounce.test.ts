import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptiveDebounce, delay } from '../../../sidecar/completion/debounce.ts';

function typing(intervalMs: number, latencyMs: number): AdaptiveDebounce {
  const debounce = new AdaptiveDebounce();
  for (let key = 0; key < 50; key++) debounce.keystroke(key * intervalMs);
  for (let answer = 0; answer < 50; answer++) debounce.answered(latencyMs);
  return debounce;
}

test('a model slower than the user’s typing is asked at once', () => {
  assert.equal(typing(150, 800).delayMs(20), 20);
});

test('a model faster than the user’s typing waits for a pause', () => {
  const delayMs = typing(150, 50).delayMs(20);
  assert.ok(delayMs > 100 && delayMs < 150, `${delayMs} ms`);
});

test('the wait has an upper and a lower bound', () => {
  assert.equal(typing(900, 10).delayMs(20), 400);
  assert.equal(new AdaptiveDebounce().delayMs(75), 75);
});

test('pauses are not typing', () => {
  const debounce = typing(100, 0);
  const usual = debounce.delayMs(0);
  debounce.keystroke(60_000);
  assert.equal(debounce.delayMs(0), usual);
});

test('waiting ends early when the request is cancelled', async () => {
  const cancel = new AbortController();
  const waiting = delay(60_000, cancel.signal);
  cancel.abort();
  await waiting;
});

test('a wait longer than a timer allows does not end at once', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let isOver = false;
  delay(1e12, new AbortController().signal)
    .then(() => (isOver = true))
    .catch(() => undefined);
  context.mock.timers.tick(60_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
});
