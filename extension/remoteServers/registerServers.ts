import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { InterfaceLanguageSetting } from '../language/interfaceLanguage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { askForConsent } from './consent.ts';
import type { ServerChoice } from './serverChoice.ts';
import { standInMessage } from './serverSign.ts';
import { ServerStatusItem } from './serverStatusItem.ts';
import { useServer } from './useServer.ts';

export interface ServerParts {
  readonly session: SidecarSession;
  readonly choice: ServerChoice;
  readonly language: InterfaceLanguageSetting;
  readonly logError: (error: unknown) => void;
}

/** Registers the choice of a server, the sign of its use, and the way back. */
export function registerServers(
  context: vscode.ExtensionContext,
  { session, choice, language, logError }: ServerParts,
): void {
  let told: readonly string[] = [];
  const asked = new Set<string>();
  context.subscriptions.push(
    choice,
    new ServerStatusItem(session, choice, language),
    vscode.commands.registerCommand('chorus.useServer', () => useServer(session, choice)),
    vscode.commands.registerCommand('chorus.useLocalModel', () => choice.clear()),
    choice.onDidChange(() => {
      told = [];
      const { unallowed } = choice;
      if (!unallowed || asked.has(unallowed.url)) return;
      asked.add(unallowed.url);
      askForConsent(choice, unallowed).catch(logError);
    }),
    session.onDidChangeStatus((status) => {
      const reasons = status?.server?.reasonsForLocal ?? told;
      // Each reason is shown once, and again only if the server answered in between.
      for (const reason of reasons) if (!told.includes(reason)) tell(reason).catch(logError);
      told = reasons;
    }),
  );
}

async function tell(reason: string): Promise<void> {
  const back = l10n.t('Use the Local Model');
  const picked = await vscode.window.showWarningMessage(standInMessage(reason), back);
  if (picked === back) await vscode.commands.executeCommand('chorus.useLocalModel');
}
