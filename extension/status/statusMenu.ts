import * as vscode from 'vscode';
import { readCompletionPreferences } from '../settings.ts';
import { statusText } from './statusTooltip.ts';
import type { StatusBar, StatusSources } from './statusBar.ts';

interface MenuItem extends vscode.QuickPickItem {
  readonly command?: string;
}

/** The menu behind the status bar item. */
export async function showStatusMenu(statusBar: StatusBar, { session, snooze }: StatusSources): Promise<void> {
  const title = statusText(statusBar.kind, session.status, snooze.untilMs);
  const picked = await vscode.window.showQuickPick(menuItems(snooze.untilMs > Date.now()), { title, placeHolder: 'Chorus' });
  if (picked?.command) await vscode.commands.executeCommand(picked.command);
}

function menuItems(isSnoozed: boolean): MenuItem[] {
  const { enabled, disabledLanguages } = readCompletionPreferences(vscode.workspace.getConfiguration('chorus'));
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  const items: MenuItem[] = [
    enabled
      ? { label: `$(circle-slash) ${vscode.l10n.t('Switch Ghost Text Off')}`, command: 'chorus.completion.toggle' }
      : { label: `$(check) ${vscode.l10n.t('Switch Ghost Text On')}`, command: 'chorus.completion.toggle' },
  ];
  if (enabled && languageId !== undefined) {
    const label = disabledLanguages.includes(languageId)
      ? vscode.l10n.t('Switch Ghost Text On for {0}', languageId)
      : vscode.l10n.t('Switch Ghost Text Off for {0}', languageId);
    items.push({ label: `$(symbol-file) ${label}`, command: 'chorus.completion.toggleLanguage' });
  }
  if (enabled) {
    items.push(
      isSnoozed
        ? { label: `$(bell) ${vscode.l10n.t('Resume Ghost Text')}`, command: 'chorus.completion.resume' }
        : { label: `$(bell-slash) ${vscode.l10n.t('Snooze Ghost Text…')}`, command: 'chorus.completion.snooze' },
    );
  }
  return [
    ...items,
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(comment-discussion) ${vscode.l10n.t('Open Chat')}`, command: 'chorus.chat.focus' },
    { label: `$(package) ${vscode.l10n.t('Choose Model…')}`, command: 'chorus.chooseModel' },
    { label: `$(graph) ${vscode.l10n.t('Ghost Text Statistics')}`, command: 'chorus.completion.statistics' },
    { label: `$(settings-gear) ${vscode.l10n.t('Settings')}`, command: 'chorus.openSettings' },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(output) ${vscode.l10n.t('Open Output')}`, command: 'chorus.showOutput' },
    { label: `$(clippy) ${vscode.l10n.t('Copy Diagnostics')}`, command: 'chorus.copyDiagnostics' },
    { label: `$(debug-restart) ${vscode.l10n.t('Restart Sidecar')}`, command: 'chorus.restartSidecar' },
  ];
}
