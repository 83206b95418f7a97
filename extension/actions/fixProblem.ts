import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ActionHost } from './actionHost.ts';
import { describeDiagnostic, problemsWithin } from './diagnostics.ts';
import { runEdit } from './editAction.ts';
import { currentTarget, type EditorTarget } from './editorTarget.ts';
import { isEmpty } from './target.ts';

export const FIX_COMMAND = 'chorus.fix';

/** Fixes the problems in the selection, or at the cursor. */
export async function fixProblem(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const place = range ?? problemAtCursor(uri);
  const target = await currentTarget(host.policy, uri, place && new vscode.Range(place.start, place.start));
  if (!target) return;
  const problems = problemsOf(target, place);
  if (problems.length === 0) {
    await vscode.window.showInformationMessage(
      l10n.t('No problem is reported here. Select the code, or put the cursor on a marked problem.'),
    );
    return;
  }
  const diagnostics = problems.map((problem) => describeDiagnostic(problem, target.range.start.line));
  await runEdit(host.session, target, { task: 'fix', label: l10n.t('Fix with Chorus'), diagnostics });
}

/**
 * If the selection is empty, returns the problem under the cursor, else the first problem on the cursor's line. So the
 * right declaration is chosen.
 */
function problemAtCursor(uri: vscode.Uri | undefined): vscode.Range | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || uri || !editor.selection.isEmpty) return undefined;
  const { active } = editor.selection;
  const problems = vscode.languages.getDiagnostics(editor.document.uri).filter(isProblem);
  return (
    problems.find((problem) => problem.range.contains(active)) ??
    problems.find((problem) => problem.range.start.line === active.line)
  )?.range;
}

/** The target's problems at `place`, or all its problems if `place` is undefined or empty. */
function problemsOf({ document, range }: EditorTarget, place: vscode.Range | undefined): vscode.Diagnostic[] {
  const problems = vscode.languages.getDiagnostics(document.uri).filter(isProblem);
  return problemsWithin(problems, range, place && !isEmpty(place) ? place : range);
}

/** Returns whether a diagnostic is an error or a warning. Hints (unused names, suggestions) do not count. */
export function isProblem({ severity }: vscode.Diagnostic): boolean {
  return severity === vscode.DiagnosticSeverity.Error || severity === vscode.DiagnosticSeverity.Warning;
}
