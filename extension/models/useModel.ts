import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { LOAD_REQUEST } from '../../sidecar/protocol/client.ts';
import type { ServerChoice } from '../servers/serverChoice.ts';
import type { SidecarSession } from '../sidecar/session.ts';

/** Makes a file the user's model, in place of a server, and loads it. '' chooses the bundled one. */
export async function useModel(session: SidecarSession, server: ServerChoice, path: string): Promise<void> {
  await server.clear();
  // In a remote window no setting means the model of the local ones: the bundled one has to be named there.
  const isDefault = path === '' && vscode.env.remoteName === undefined;
  await vscode.workspace.getConfiguration('chorus').update('modelPath', isDefault ? undefined : path, vscode.ConfigurationTarget.Global);
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Loading the model') }, async () => {
    // What is wrong with a model reaches the user by way of the status.
    await session.request(LOAD_REQUEST, undefined).catch(() => undefined);
  });
}
