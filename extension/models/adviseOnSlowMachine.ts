import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';
import { innermostValue, type Configuration } from '../settingTarget.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { halfContextTokens, slowSpeed, type AdvisedModels } from './slowMachine.ts';

const MEMORY_KEY = 'chorus.models.advisedSlow';
const MAX_ADVISED = 50;
const SETTING = 'context.maxTokens';

/** Tells the user once per model that this machine runs it slowly, and offers a shorter context and a server. */
export function adviseOnSlowMachine(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  onError: (error: unknown) => void,
): void {
  context.subscriptions.push(
    session.onDidChangeStatus((status) => {
      advise(context.globalState, status).catch(onError);
    }),
  );
}

async function advise(storage: vscode.Memento, status: SidecarStatus | undefined): Promise<void> {
  const advised = storage.get<AdvisedModels>(MEMORY_KEY, []);
  const speed = slowSpeed(status, advised);
  if (speed === undefined || status?.modelPath === undefined) return;
  // Stored before the user answers, so that the next status does not ask a second time.
  await storage.update(MEMORY_KEY, [...advised, status.modelPath].slice(-MAX_ADVISED));
  const halve = l10n.t('Halve the Context');
  const server = l10n.t('Use a Server…');
  const answer = await vscode.window.showInformationMessage(
    l10n.t(
      'This machine reads {0} tokens per second with this model, so completions are slow. A shorter context or a server makes them faster.',
      formatNumber(Math.round(speed)),
    ),
    halve,
    server,
    l10n.t('Not Now'),
  );
  if (answer === server) await vscode.commands.executeCommand('chorus.useServer');
  if (answer === halve) await halveContext(vscode.workspace.getConfiguration('chorus'));
}

/**
 * Halves the tokens of other files in the innermost setting. The workspace's setting takes precedence over the user's.
 */
export async function halveContext(settings: Configuration): Promise<void> {
  const { target, value } = innermostValue(settings, SETTING);
  await settings.update(SETTING, halfContextTokens(typeof value === 'number' ? value : undefined), target);
}
