import * as vscode from 'vscode';
import { openSample } from './sample.ts';

/** Registers the commands that open the first steps, and a sample to try them on. */
export function registerWalkthrough(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.openWalkthrough', () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#chorus.start`),
    ),
    vscode.commands.registerCommand('chorus.openSample', openSample),
  );
}
