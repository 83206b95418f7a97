import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeForeignText } from '../../../sidecar/cli/terminal.ts';

function written(text: string, isTTY: boolean): string {
  let whole = '';
  writeForeignText({ isTTY, write: (part: unknown) => { whole += String(part); return true; } }, text);
  return whole;
}

describe('text that others made', () => {
  const attack = 'before \u001b]52;c;cm0gLXJm\u0007\u001b]0;title\u0007\u001b[2J\u009b31m after\n\tindented';

  it('reaches a terminal without what acts on it', () => {
    assert.equal(written(attack, true), 'before ]52;c;cm0gLXJm]0;title[2J31m after\n\tindented');
  });

  it('reaches a pipe as it is', () => {
    assert.equal(written(attack, false), attack);
  });
});
