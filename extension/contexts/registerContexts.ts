import * as vscode from 'vscode';
import { FORGET_WORKSPACE_REQUEST } from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { workspaceKey } from '../sidecar/initialization.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { ruleDigest } from './ruleDigest.ts';

/** In the workspace's state: the rules under which what is kept was evaluated. */
const DIGEST_KEY = 'chorus.contexts.rules';

/**
 * Registers the command "Forget This Workspace", and forgets it without being asked when a file may have become ignored or secret: what was evaluated before may
 * hold its text. Rules that changed while no window was open are noticed with the next connection.
 */
export function registerContexts(context: vscode.ExtensionContext, session: LanguageClientSession, policy: DocumentPolicy, onError: (error: unknown) => void): void {
  const state = context.workspaceState;
  const rulesChanged = async (): Promise<void> => {
    await forgetWorkspace(session);
    await state.update(DIGEST_KEY, await ruleDigest());
  };
  const checkRules = async (): Promise<void> => {
    const [before, now] = [state.get<string>(DIGEST_KEY), await ruleDigest()];
    if (before === now) return;
    if (before !== undefined) await forgetWorkspace(session);
    await state.update(DIGEST_KEY, now);
  };
  let isChecked = false;
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.forgetWorkspace', () => forgetOnCommand(session)),
    policy.onDidChange(() => {
      rulesChanged().catch(onError);
    }),
    session.onDidChangeStatus(() => {
      if (!session.isRunning || isChecked || workspaceKey() === undefined) return;
      isChecked = true;
      checkRules().catch(onError);
    }),
  );
}

async function forgetOnCommand(session: LanguageClientSession): Promise<void> {
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Chorus' }, () => forgetWorkspace(session));
  await vscode.window.showInformationMessage(vscode.l10n.t('Chorus keeps nothing of this workspace any more. What you go on working on is kept again, unless you switch that off.'));
}

/** Deletes what was evaluated, on disk and in memory. A sidecar is never started for it. */
async function forgetWorkspace(session: LanguageClientSession): Promise<void> {
  if (session.isRunning) {
    await session.request(FORGET_WORKSPACE_REQUEST, {});
    return;
  }
  const key = workspaceKey();
  if (key === undefined) return;
  const [{ contextsFolder, removeContextSets }, { contextSetName }] = await Promise.all([import('../../sidecar/client/contextSets.ts'), import('../../sidecar/client/workspaceKey.ts')]);
  await removeContextSets(contextsFolder(), contextSetName(key));
}
