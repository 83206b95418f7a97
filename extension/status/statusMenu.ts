import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { LearningState } from '../learning/learningState.ts';
import { readCompletionPreferences } from '../settings.ts';
import { statusText } from './statusTooltip.ts';
import type { StatusBar, StatusSources } from './statusBar.ts';

interface MenuItem extends vscode.QuickPickItem {
  readonly command?: string;
}

/** Shows the menu of the status bar item. */
export async function showStatusMenu(
  statusBar: StatusBar,
  { session, snooze, learning }: StatusSources,
): Promise<void> {
  const title = statusText(statusBar.kind, session.status, snooze.untilMs);
  const picked = await vscode.window.showQuickPick(
    menuItems({
      isSnoozed: snooze.untilMs > Date.now(),
      isReadingAhead: session.status?.readingAhead === true,
      isServerChosen: session.status?.server !== undefined,
      learning,
    }),
    { title, placeHolder: 'Chorus' },
  );
  if (picked?.command) await vscode.commands.executeCommand(picked.command);
}

function menuItems({
  isSnoozed,
  isReadingAhead,
  isServerChosen,
  learning,
}: Readonly<Record<'isSnoozed' | 'isReadingAhead' | 'isServerChosen', boolean>> & {
  readonly learning: LearningState;
}): MenuItem[] {
  const { enabled, disabledLanguages } = readCompletionPreferences(vscode.workspace.getConfiguration('chorus'));
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  const items: MenuItem[] = [
    enabled
      ? { label: `$(circle-slash) ${l10n.t('Switch Ghost Text Off')}`, command: 'chorus.completion.toggle' }
      : { label: `$(check) ${l10n.t('Switch Ghost Text On')}`, command: 'chorus.completion.toggle' },
  ];
  if (enabled && languageId !== undefined) {
    const label = disabledLanguages.includes(languageId)
      ? l10n.t('Switch Ghost Text On for {0}', languageId)
      : l10n.t('Switch Ghost Text Off for {0}', languageId);
    items.push({ label: `$(symbol-file) ${label}`, command: 'chorus.completion.toggleLanguage' });
  }
  if (enabled) {
    items.push(
      isSnoozed
        ? { label: `$(bell) ${l10n.t('Resume Ghost Text')}`, command: 'chorus.completion.resume' }
        : { label: `$(bell-slash) ${l10n.t('Snooze Ghost Text…')}`, command: 'chorus.completion.snooze' },
    );
  }
  if (isReadingAhead)
    items.push({
      label: `$(debug-stop) ${l10n.t('Stop Reading Related Files')}`,
      command: 'chorus.context.stopReadingAhead',
    });
  if (isServerChosen)
    items.push({ label: `$(home) ${l10n.t('Use the Local Model')}`, command: 'chorus.useLocalModel' });
  items.push(...learningItems(learning));
  return [
    ...items,
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(comment-discussion) ${l10n.t('Open Chat')}`, command: 'chorus.chat.focus' },
    { label: `$(package) ${l10n.t('Choose Model…')}`, command: 'chorus.chooseModel' },
    ...(languageId === undefined
      ? []
      : [{ label: `$(list-tree) ${l10n.t('Show Context')}`, command: 'chorus.context.show' }]),
    { label: `$(graph) ${l10n.t('Ghost Text Statistics')}`, command: 'chorus.completion.statistics' },
    { label: `$(list-unordered) ${l10n.t('All Commands…')}`, command: 'chorus.commands' },
    { label: `$(settings-gear) ${l10n.t('Settings')}`, command: 'chorus.openSettings' },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(output) ${l10n.t('Open Output')}`, command: 'chorus.showOutput' },
    { label: `$(clippy) ${l10n.t('Copy Diagnostics')}`, command: 'chorus.copyDiagnostics' },
    { label: `$(debug-restart) ${l10n.t('Restart Sidecar')}`, command: 'chorus.restartSidecar' },
  ];
}

/** What learning by itself does, and the last gain. Nothing while it is off and nothing was learnt. */
function learningItems({ activity: { kind }, now, memory: { last } }: LearningState): readonly MenuItem[] {
  const description = now[0];
  const shown = { label: `$(mortar-board) ${l10n.t('What Was Learnt')}`, command: 'chorus.learning.show' };
  if (kind === 'off') return last ? [shown] : [];
  return [
    kind === 'pausedByUser'
      ? { label: `$(play) ${l10n.t('Resume Learning')}`, description, command: 'chorus.learning.resume' }
      : { label: `$(debug-pause) ${l10n.t('Pause Learning')}`, description, command: 'chorus.learning.pause' },
    shown,
  ];
}
