import * as vscode from 'vscode';
import type { NextEditController } from './nextEditController.ts';

/** Registers the commands of next edits, which the keys Tab and Esc run while a suggestion is shown. */
export function registerNextEdits(context: vscode.ExtensionContext, controller: NextEditController): void {
  context.subscriptions.push(
    controller,
    vscode.commands.registerCommand('chorus.nextEdit.next', () => controller.next()),
    vscode.commands.registerCommand('chorus.nextEdit.dismiss', () => controller.dismiss()),
  );
}
