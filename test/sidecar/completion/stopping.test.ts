import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stopAfter, stopAtBlockEnd, stopAtLineEnd } from '../../../sidecar/completion/stopping.ts';
import { cursorAt } from './cursorAt.ts';

test('a single line is complete at its line break', () => {
  assert.equal(stopAtLineEnd('foo(bar);'), false);
  assert.equal(stopAtLineEnd('foo(bar);\n'), true);
});

test('a block is complete at the first shallower line', () => {
  const stop = stopAtBlockEnd(cursorAt('    ‸', 'python'));
  assert.equal(stop('if a:\n        b()\n    return c\n'), false);
  assert.equal(stop('return c\n\ndef g'), false);
  assert.equal(stop('return c\n\ndef g():\n'), true);
});

test('a block is complete at two empty lines', () => {
  assert.equal(stopAtBlockEnd(cursorAt('‸', 'python'))('a = 1\n\n\n'), true);
});

test('a block is complete behind a backtick in a string', () => {
  const stop = stopAtBlockEnd(cursorAt("if (line.startsWith('```')) {‸"));
  assert.equal(stop('\n  return true;\n'), false);
  assert.equal(stop('\n  return true;\n}\n'), true);
});

test('a model that repeats a line for the third time is stopped', () => {
  const stop = stopAtBlockEnd(cursorAt('‸', 'python'));
  const line = 'print(a_long_name, another_one)\n';
  assert.equal(stop(`\n${line}${line}`), false);
  assert.equal(stop(`\n${line}${line}${line}x`), true);
  assert.equal(stop(`\n${line}other()\n${line}other()\n${line}x`), true);
});

test('a model that repeats a line between numbered lines is stopped at the sixth', () => {
  const stop = stopAtBlockEnd(cursorAt('‸', 'python'));
  const lines = Array.from({ length: 6 }, (_, index) => `assertEqual(a${index}, ${index})\ncheck_everything(value)\n`);
  assert.equal(stop(`\n${lines.slice(0, 5).join('')}`), false);
  assert.equal(stop(`\n${lines.join('')}`), true);
});

test('a line repeated among different lines is no loop', () => {
  const stop = stopAtBlockEnd(cursorAt('‸', 'python'));
  const line = 'print(a_long_name, another_one)\n';
  assert.equal(stop(`\n${line}first()\n${line}second()\n${line}x`), false);
});

test('a slow text ends with its next whole line', () => {
  let nowMs = 0;
  const stop = stopAfter(
    1000,
    () => false,
    () => nowMs,
  );
  assert.equal(stop('one();\n'), false);
  nowMs = 1001;
  assert.equal(stop('one();\n  two('), false);
  assert.equal(stop('one();\n  two();\n'), true);
});
