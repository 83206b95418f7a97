import * as vscode from 'vscode';
import { copyDiagnostics } from './copyDiagnostics.ts';
import { StatusBar, type StatusSources } from './statusBar.ts';
import { showStatusMenu } from './statusMenu.ts';
import type { TroubleReporter } from './troubleReporter.ts';

/** Registers the status bar item, its menu, and the reports of trouble to the user. */
export function registerStatus(
  context: vscode.ExtensionContext,
  sources: StatusSources,
  troubles: TroubleReporter,
  log: vscode.LogOutputChannel,
): void {
  const { session, acceptance } = sources;
  const statusBar = new StatusBar(sources);
  context.subscriptions.push(
    statusBar,
    session.onDidFail((failure) => troubles.reportFailure(failure)),
    session.onDidChangeStatus((status) => {
      if (status?.state === 'trouble' && status.trouble) troubles.report(status.trouble);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('chorus') && troubles.clear()),
    vscode.commands.registerCommand('chorus.menu', () => showStatusMenu(statusBar, sources)),
    vscode.commands.registerCommand('chorus.showOutput', () => log.show()),
    vscode.commands.registerCommand('chorus.copyDiagnostics', () =>
      copyDiagnostics(context, session, acceptance.counts),
    ),
    vscode.commands.registerCommand('chorus.restartSidecar', () => {
      troubles.clear();
      return restart(sources);
    }),
    vscode.commands.registerCommand('chorus.openSettings', () =>
      vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`),
    ),
  );
}

async function restart({ session }: StatusSources): Promise<void> {
  // The session reports a failed start.
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Chorus' }, () =>
    session.restart().catch(() => undefined),
  );
}
