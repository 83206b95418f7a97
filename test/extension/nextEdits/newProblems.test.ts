import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { fake, Uri } from '../documents/support/vscode.ts';

const { NewProblems } = await import('../../../extension/nextEdits/newProblems.ts');

const problem = (message: string, line: number, severity = 0): object => ({
  message,
  severity,
  range: { start: { line, character: 0 } },
});

describe('new problems', () => {
  const uri = Uri.file('/ws/a.ts');
  let document: FakeDocument;
  let found: string[][];
  let nowMs: number;
  let watch: vscode.Disposable;
  afterEach(() => void watch.dispose());

  beforeEach(() => {
    fake.open(['/ws'], {});
    document = new FakeDocument(uri, 'a\nb\nc\n');
    fake.activeTextEditor = { document };
    found = [];
    nowMs = 0;
    watch = new NewProblems({
      onNew: (_document, problems) => void found.push(problems.map(({ message }) => message)),
      now: () => nowMs,
    });
  });

  function report(...problems: readonly object[]): void {
    fake.diagnostics.set(uri.path, problems);
    fake.diagnosticsChanged.fire({ uris: [uri] });
  }

  it('are those that an edit brought, the nearest first, each time once', () => {
    report(problem('old', 0));
    document.change(2, 0, 'x');
    report(problem('old', 0), problem('far', 9), problem('near', 1), problem('hint', 1, 3));
    report(problem('old', 0), problem('far', 9), problem('near', 1));
    assert.deepEqual(found, [['near', 'far']]);
  });

  it('are none before an edit, or long after it', () => {
    report(problem('old', 0));
    document.change(2, 0, 'x');
    nowMs = 20_000;
    report(problem('late', 1));
    assert.deepEqual(found, []);
  });

  it('are not the problems from before a pause', () => {
    document.change(2, 0, 'x');
    report(problem('first', 1));
    nowMs = 20_000;
    document.change(2, 0, 'y');
    report(problem('first', 1), problem('second', 1));
    assert.deepEqual(found, [['first'], ['second']]);
  });
});
