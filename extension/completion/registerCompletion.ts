import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import { SYNCED_DOCUMENTS } from '../documents/schemes.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import type { Acceptance } from './acceptance.ts';
import { askAboutOtherProviders } from './askAboutOtherProviders.ts';
import type { GhostText } from './ghostText.ts';
import { nextUnspacedWord } from './nextWord.ts';
import { RestingCursor } from './restingCursor.ts';
import type { Snooze } from './snooze.ts';
import { showStatistics } from './statistics.ts';
import { toggle, toggleLanguage } from './switches.ts';

const SNOOZE_MINUTES: readonly number[] = [5, 15, 30, 60, 240];

/** Registers ghost text and its commands. The sidecar starts with the first request. */
export function registerCompletion(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  {
    ghostText,
    snooze,
    acceptance,
    logError,
  }: {
    readonly ghostText: GhostText;
    readonly snooze: Snooze;
    readonly acceptance: Acceptance;
    readonly logError: (error: unknown) => void;
  },
): void {
  context.subscriptions.push(
    new RestingCursor((document, position) => {
      ghostText.prepare(document, position).catch(logError);
    }),
    vscode.languages.registerInlineCompletionItemProvider([...SYNCED_DOCUMENTS], ghostText),
    vscode.commands.registerCommand('chorus.completion.toggle', toggle),
    vscode.commands.registerCommand('chorus.completion.toggleLanguage', toggleLanguage),
    vscode.commands.registerCommand('chorus.completion.snooze', (minutes?: unknown) => askAndSnooze(snooze, minutes)),
    vscode.commands.registerCommand('chorus.completion.resume', () => snooze.end()),
    vscode.commands.registerCommand('chorus.completion.trigger', trigger),
    vscode.commands.registerCommand('chorus.completion.acceptWord', () => acceptWord(acceptance)),
    vscode.commands.registerCommand('chorus.completion.statistics', () => showStatistics(session, acceptance.counts)),
  );
  askAboutOtherProviders(context);
}

async function trigger(): Promise<void> {
  if (vscode.window.activeTextEditor) await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  else await vscode.window.showInformationMessage(l10n.t('Put the cursor into the code to complete first.'));
}

/**
 * Accepts the next word of ghost text. In a script without spaces VS Code's own command accepts a whole line, so Chorus
 * finds the word there.
 */
async function acceptWord(acceptance: Acceptance): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const word = editor && nextUnspacedWord(acceptance.remaining(editor) ?? '');
  // The word is typed, so the rest of the ghost text stays.
  if (word === undefined) await vscode.commands.executeCommand('editor.action.inlineSuggest.acceptNextWord');
  else await vscode.commands.executeCommand('type', { text: word });
}

async function askAndSnooze(snooze: Snooze, minutes: unknown): Promise<void> {
  if (typeof minutes === 'number' && minutes > 0) {
    snooze.begin(minutes);
    return;
  }
  const items = SNOOZE_MINUTES.map((choice) => ({
    label: formatNumber(choice, { style: 'unit', unit: 'minute', unitDisplay: 'long' }),
    minutes: choice,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: l10n.t('No ghost text for') });
  if (picked) snooze.begin(picked.minutes);
}
