import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { LOAD_REQUEST } from '../../sidecar/protocol/client.ts';
import { hasSettingsOfOtherMachine } from '../otherMachine.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import type { SidecarSession } from '../sidecar/session.ts';

/** What a model is chosen with. */
export interface ModelParts {
  readonly session: SidecarSession;
  readonly server: ServerChoice;
  readonly extension: vscode.Extension<unknown>;
}

/** Makes a file the user's model, in place of a server, and loads it. '' chooses the bundled one. */
export async function useModel({ session, server, extension }: ModelParts, path: string): Promise<void> {
  await server.clear();
  // Where the settings are another machine's, none means the model of the local windows: the bundled one has to be
  // named.
  const isDefault = path === '' && !hasSettingsOfOtherMachine(extension);
  await vscode.workspace
    .getConfiguration('chorus')
    .update('modelPath', isDefault ? undefined : path, vscode.ConfigurationTarget.Global);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Loading the model') },
    async () => {
      // What is wrong with a model reaches the user by way of the status.
      await session.request(LOAD_REQUEST, undefined).catch(() => undefined);
    },
  );
}
