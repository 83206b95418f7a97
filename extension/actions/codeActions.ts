import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { DOCUMENT_COMMAND } from './documentCode.ts';
import { EXPLAIN_COMMAND } from './explain.ts';
import { FIX_COMMAND, isProblem } from './fixProblem.ts';
import { REFACTOR_COMMAND } from './refactor.ts';
import { TESTS_COMMAND } from './writeTests.ts';
import { TRANSLATE_COMMAND } from './translate.ts';

const FIX = vscode.CodeActionKind.QuickFix.append('chorus');
const REWRITE = vscode.CodeActionKind.RefactorRewrite.append('chorus');

/**
 * Kinds that the provider declares, so that VS Code requests no other kinds. The manifest lists them for keybindings.
 */
export const CODE_ACTION_KINDS: readonly vscode.CodeActionKind[] = [FIX, REWRITE];

/**
 * Offers "Fix with Chorus" at an error or warning, and rewrites for a selection or when the user opens the menu. A mere
 * cursor move never shows the light bulb. The actions only name commands: nothing is computed before the user chooses
 * an action.
 */
export class ChorusCodeActions implements vscode.CodeActionProvider {
  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const isWanted = (kind: vscode.CodeActionKind): boolean => !context.only || context.only.contains(kind);
    const isInvoked = context.triggerKind === vscode.CodeActionTriggerKind.Invoke;
    const actions: vscode.CodeAction[] = [];
    const problems = context.diagnostics.filter(isProblem);
    if (problems.length > 0 && isWanted(FIX)) actions.push(fix(document, problems));
    if ((isInvoked || context.only) && isWanted(REWRITE)) actions.push(...rewrites(document, range));
    return actions;
  }
}

function fix(document: vscode.TextDocument, problems: readonly vscode.Diagnostic[]): vscode.CodeAction {
  const title = l10n.t('Fix with Chorus');
  const action = new vscode.CodeAction(title, FIX);
  const place = problems.map((problem) => problem.range).reduce((all, one) => all.union(one));
  action.command = { command: FIX_COMMAND, title, arguments: [document.uri, place] };
  action.diagnostics = [...problems];
  return action;
}

function rewrites(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
  const offered: readonly (readonly [command: string, title: string])[] = [
    [REFACTOR_COMMAND, l10n.t('Refactor with Chorus…')],
    [DOCUMENT_COMMAND, l10n.t('Document with Chorus')],
    [TESTS_COMMAND, l10n.t('Write tests with Chorus')],
    [TRANSLATE_COMMAND, l10n.t('Translate comments and strings with Chorus…')],
    [EXPLAIN_COMMAND, l10n.t('Explain with Chorus')],
  ];
  return offered.map(([command, title]) => {
    const action = new vscode.CodeAction(title, REWRITE);
    action.command = { command, title, arguments: [document.uri, range] };
    return action;
  });
}
