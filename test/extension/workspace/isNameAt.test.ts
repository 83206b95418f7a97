import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import { isNameAt } from '../../../extension/workspace/isNameAt.ts';

/** The used part of VS Code's document. A missing line throws, as in VS Code. */
function documentOf(text: string): Parameters<typeof isNameAt>[0] {
  const lines = text.split('\n');
  const lineAt = (line: number | vscode.Position): vscode.TextLine => {
    const found = typeof line === 'number' ? lines[line] : undefined;
    if (found === undefined) throw new Error('There is no such line');
    return { text: found } as vscode.TextLine;
  };
  return { lineCount: lines.length, lineAt };
}

describe('isNameAt', () => {
  const place = { line: 1, character: 2, name: 'till' };
  const cases: readonly (readonly [what: string, text: string, expected: boolean])[] = [
    ['is at its old place', '\n  till.open()', true],
    ['has grown since', '\n  tillRoll', true],
    ['was moved within its line', '\n   till', false],
    ['was moved to another line', '\n\n  till', false],
    ['was replaced', '\n  tray', false],
    ['lost its line', '  till', false],
    ['lost the end of its line', '\n', false],
  ];
  for (const [what, text, expected] of cases)
    it(`is ${expected} for a name that ${what}`, () => assert.equal(isNameAt(documentOf(text), place), expected));
});
