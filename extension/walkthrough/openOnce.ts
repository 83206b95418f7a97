import * as vscode from 'vscode';

const OPENED_KEY = 'chorus.walkthrough.opened';

/**
 * Calls `open` after the installation, once per user and machine. VS Code itself opens a walkthrough only after some
 * kinds of installation. Its setting against that counts here too. Nothing is opened over a document.
 */
export async function openOnce(
  { globalState, extensionMode }: Pick<vscode.ExtensionContext, 'globalState' | 'extensionMode'>,
  open: () => Promise<void>,
): Promise<void> {
  if (extensionMode !== vscode.ExtensionMode.Production || globalState.get(OPENED_KEY, false)) return;
  const settings = vscode.workspace.getConfiguration('workbench.welcomePage.walkthroughs');
  if (!settings.get('openOnInstall', true) || vscode.window.activeTextEditor !== undefined) return;
  await globalState.update(OPENED_KEY, true);
  await open();
}
