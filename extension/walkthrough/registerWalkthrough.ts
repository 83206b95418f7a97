import * as vscode from 'vscode';
import { openOnce } from './openOnce.ts';
import { openSample } from './sample.ts';

/** Registers the commands that open the first steps, and a sample to try them on. Opens the first steps once. */
export function registerWalkthrough(context: vscode.ExtensionContext, onError: (error: unknown) => void): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.openWalkthrough', () => openWalkthrough(context)),
    vscode.commands.registerCommand('chorus.openSample', openSample),
  );
  openOnce(context, () => openWalkthrough(context)).catch(onError);
}

async function openWalkthrough({ extension }: vscode.ExtensionContext): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extension.id}#chorus.start`);
}
