import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { LOAD_REQUEST } from '../../sidecar/protocol/client.ts';
import { hasSettingsOfOtherMachine } from '../isRemoteWindow.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import type { SidecarSession } from '../sidecar/session.ts';

/** The objects needed to choose a model. */
export interface ModelParts {
  readonly session: SidecarSession;
  readonly server: ServerChoice;
  readonly extension: vscode.Extension<unknown>;
}

/** Chooses a file as the user's model, in place of a server, and loads it. '' chooses the bundled model. */
export async function useModel({ session, server, extension }: ModelParts, path: string): Promise<void> {
  await server.clear();
  // If the settings belong to another machine, an unset path means the model of the local windows. So the bundled model
  // has to be named.
  const isDefault = path === '' && !hasSettingsOfOtherMachine(extension);
  await vscode.workspace
    .getConfiguration('chorus')
    .update('modelPath', isDefault ? undefined : path, vscode.ConfigurationTarget.Global);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Loading the model') },
    async () => {
      // The status reports a model's problems to the user.
      await session.request(LOAD_REQUEST, undefined).catch(() => undefined);
    },
  );
}
