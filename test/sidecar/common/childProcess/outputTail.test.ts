import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutputTail } from '../../../../sidecar/common/childProcess/outputTail.ts';

describe('OutputTail', () => {
  test('keeps the last 40 lines, joins lines that come in pieces, and shortens long lines', () => {
    const tail = new OutputTail();
    tail.push('first\nsec');
    tail.push('ond\nunfinished');
    assert.equal(tail.text, 'first\nsecond\nunfinished');
    for (let line = 0; line < 100; line++) tail.push(`line ${line}\n`);
    assert.equal(tail.text.split('\n').length, 40);
    assert.match(tail.text, /line 99$/);
    tail.push(`${'x'.repeat(10_000)}\n`);
    assert.ok(tail.text.split('\n').at(-1)!.length <= 400);
  });
});
