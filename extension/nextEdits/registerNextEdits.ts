import * as vscode from 'vscode';
import { NextEditController } from './nextEditController.ts';
import type { NextEditSetup } from './nextEditRequests.ts';

/** Registers next edits and their commands, which the keys Tab and Esc run while a suggestion is shown. */
export function registerNextEdits(context: vscode.ExtensionContext, setup: NextEditSetup): void {
  const controller = new NextEditController(setup);
  context.subscriptions.push(
    controller,
    vscode.commands.registerCommand('chorus.nextEdit.next', () => controller.next()),
    vscode.commands.registerCommand('chorus.nextEdit.dismiss', () => controller.dismiss()),
  );
}
