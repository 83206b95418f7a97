import pTimeout from 'p-timeout';
import * as vscode from 'vscode';
import type { NextEditFix } from '../../sidecar/protocol/client.ts';

/** How long all language servers together may take. */
const LIMIT_MS = 1_000;
/** The most fixes of a problem. */
const MAX_FIXES = 8;
/** The most lines that a fix replaces. */
const MAX_LINES = 3;
const MAX_TEXT_UNITS = 4_096;

/**
 * Returns the quick fixes that language servers offer for problems of the active document, if they change that document
 * alone. Fixes of the word at the cursor are left out, since the user may be typing it. Returns none if the servers
 * take too long.
 */
export async function quickFixes(
  document: vscode.TextDocument,
  problems: readonly vscode.Diagnostic[],
): Promise<readonly NextEditFix[]> {
  const { version } = document;
  const cursor = vscode.window.activeTextEditor?.selection.active;
  if (problems.length === 0 || cursor === undefined) return [];
  const asked = Promise.all(problems.map((problem) => fixesOf(document, problem).catch(() => [])));
  const found = await pTimeout(asked, { milliseconds: LIMIT_MS, fallback: () => [] });
  if (document.version !== version) return [];
  return found.flat().filter(({ edits }) => !edits.some(({ range }) => touches(range, cursor)));
}

async function fixesOf(document: vscode.TextDocument, { range }: vscode.Diagnostic): Promise<NextEditFix[]> {
  const actions = await vscode.commands.executeCommand<(vscode.CodeAction | vscode.Command)[] | undefined>(
    'vscode.executeCodeActionProvider',
    document.uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
    MAX_FIXES,
  );
  return (actions ?? []).slice(0, MAX_FIXES).flatMap((action) => {
    const edits = 'edit' in action ? ownEdits(document, action.edit) : [];
    if (edits.length === 0) return [];
    const { title, isPreferred = false } = action as vscode.CodeAction;
    return [{ textDocument: { uri: document.uri.toString() }, title, range: plain(range), edits, isPreferred }];
  });
}

/**
 * Returns the edits of a workspace edit as one, since the user accepts them as one step. Returns none if they change
 * other files, or places that are far from each other.
 */
function ownEdits(document: vscode.TextDocument, edit: vscode.WorkspaceEdit | undefined): NextEditFix['edits'] {
  const [entry, ...others] = edit?.entries() ?? [];
  if (edit === undefined || entry === undefined || others.length > 0 || edit.size !== 1) return [];
  const edits = entry[1].toSorted((one, other) => one.range.start.compareTo(other.range.start));
  const [first, last] = [edits[0], edits.at(-1)];
  if (entry[0].toString() !== document.uri.toString() || first === undefined || last === undefined) return [];
  if (last.range.end.line - first.range.start.line > MAX_LINES) return [];
  let newText = '';
  let at = first.range.start;
  for (const { range, newText: inserted } of edits) {
    newText += document.getText(new vscode.Range(at, range.start)) + inserted;
    at = range.end;
  }
  if (newText.length > MAX_TEXT_UNITS) return [];
  return [{ range: plain(new vscode.Range(first.range.start, at)), newText }];
}

function touches({ start, end }: NextEditFix['range'], cursor: vscode.Position): boolean {
  return new vscode.Range(start.line, start.character, end.line, end.character).contains(cursor);
}

function plain({ start, end }: vscode.Range): NextEditFix['range'] {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
