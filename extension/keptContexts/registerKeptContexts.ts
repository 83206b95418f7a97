import * as l10n from '@vscode/l10n';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { FORGET_WORKSPACE_REQUEST } from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { workspaceKey } from '../sidecar/initialization.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { showFailure } from '../status/remedies.ts';
import { ruleDigest } from './ruleDigest.ts';

type OnError = (error: unknown) => void;

/**
 * Registers the command "Forget This Workspace". Also forgets the workspace if a file may have become ignored or
 * secret, since kept contexts may contain its text. Rules that changed while no window was open are noticed at the next
 * connection.
 */
export function registerKeptContexts(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  policy: DocumentPolicy,
  { onForget, onError }: { readonly onForget: () => void; readonly onError: OnError },
): void {
  let wasRunning = false;
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.forgetWorkspace', () => forgetOnCommand(session, { onForget, onError })),
    policy.onDidChange(() => {
      forgetAutomatically(session, onError).catch(onError);
    }),
    session.onDidChangeStatus(() => {
      const isNew = session.isRunning && !wasRunning;
      wasRunning = session.isRunning;
      if (isNew) tellRules(session, onError).catch(onError);
    }),
  );
}

async function forgetOnCommand(
  session: LanguageClientSession,
  { onForget, onError }: { readonly onForget: () => void; readonly onError: OnError },
): Promise<void> {
  let hadExpert = false;
  try {
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Chorus' }, async () => {
      hadExpert = await hasExpert();
      onForget();
      await forgetWorkspace(session, onError);
    });
  } catch (error) {
    showFailure(error);
    return;
  }
  await vscode.window.showInformationMessage(
    hadExpert
      ? l10n.t(
          'The saved contexts and the expert of this workspace are deleted. Chats stay until you delete them. Chorus saves contexts again as you go on working, unless you switch that off.',
        )
      : l10n.t(
          'The saved contexts of this workspace are deleted. Chats stay until you delete them. Chorus saves contexts again as you go on working, unless you switch that off.',
        ),
  );
}

/** Whether an expert was learnt from this workspace. */
async function hasExpert(): Promise<boolean> {
  const key = workspaceKey();
  if (key === undefined) return false;
  const [{ expertFileOf, learningFolder }, { contextSetName }] = await Promise.all([
    import('../../sidecar/keptContexts/learntFolder.ts'),
    import('../../sidecar/keptContexts/workspaceKey.ts'),
  ]);
  return existsSync(expertFileOf(learningFolder(), contextSetName(key)));
}

/**
 * Deletes kept contexts, since a file may be withheld now. An expert takes long to learn. So it is deleted only if the
 * rules on disk have changed.
 */
async function forgetAutomatically(session: LanguageClientSession, onError: OnError): Promise<void> {
  if (!session.isRunning) return forgetWorkspace(session, onError);
  await tellRules(session, onError);
  await session.request(FORGET_WORKSPACE_REQUEST, { keepsExpert: true });
  await tellRules(session, onError);
}

/** Deletes the kept contexts on disk and in memory. Never starts a sidecar for it. */
async function forgetWorkspace(session: LanguageClientSession, onError: OnError): Promise<void> {
  if (session.isRunning) {
    await session.request(FORGET_WORKSPACE_REQUEST, {});
    await tellRules(session, onError);
    return;
  }
  const key = workspaceKey();
  if (key === undefined) return;
  const [{ contextsFolder, removeContextSets }, { forgetExpert, learningFolder }, { contextSetName }] =
    await Promise.all([
      import('../../sidecar/keptContexts/contextSets.ts'),
      import('../../sidecar/keptContexts/learntFolder.ts'),
      import('../../sidecar/keptContexts/workspaceKey.ts'),
    ]);
  const name = contextSetName(key);
  await removeContextSets(contextsFolder(), name);
  await forgetExpert(learningFolder(), name);
}

/** Forgets contexts that were kept under other rules. */
async function tellRules(session: LanguageClientSession, onError: OnError): Promise<void> {
  if (workspaceKey() === undefined) return;
  const unlessRules = await ruleDigest(onError);
  if (session.isRunning) await session.request(FORGET_WORKSPACE_REQUEST, { unlessRules });
}
