import * as vscode from 'vscode';
import {
  CONFIGURATION_NOTIFICATION,
  type ChorusInitializationOptions,
  type ChorusSettings,
} from '../../sidecar/protocol/client.ts';
import { workspaceKeyOf } from '../../sidecar/keptContexts/workspaceKey.ts';
import { readNetworkSettings } from '../networkSettings.ts';
import { leavesModel } from '../isRemoteWindow.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import { readChorusSettings, withoutModel } from '../settings.ts';
import type { LanguageClientSession } from './sidecarSession.ts';

/** Returns the data about this window that the sidecar receives at connection. */
export function initializationOptions(
  extension: vscode.Extension<unknown>,
  clientVersion: string,
  server: ServerChoice,
): ChorusInitializationOptions {
  return {
    clientKind: 'vscode',
    clientVersion,
    settings: settingsNow(extension, server),
    workspaceKey: workspaceKey(),
    providesWorkspace: true,
  };
}

/** Notifies the sidecar of changed settings. */
export function registerSettingsSync(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  server: ServerChoice,
  onError: (error: unknown) => void,
): void {
  const send = (): void => {
    session
      .notifyIfRunning(CONFIGURATION_NOTIFICATION, {
        settings: { chorus: settingsNow(context.extension, server) },
      })
      .catch(onError);
  };
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration(
      (event) => (event.affectsConfiguration('chorus') || event.affectsConfiguration('http')) && send(),
    ),
    server.onDidChange(send),
  );
}

function settingsNow(extension: vscode.Extension<unknown>, server: ServerChoice): ChorusSettings {
  const reader = vscode.workspace.getConfiguration('chorus');
  const settings = {
    ...readChorusSettings(reader, readNetworkSettings(vscode.workspace.getConfiguration('http'))),
    server: server.settings,
  };
  return leavesModel(extension, reader) ? withoutModel(settings) : settings;
}

/** Returns a key for the workspace that reveals nothing about it. */
export function workspaceKey(): string | undefined {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  const places = workspaceFile
    ? [workspaceFile.toString()]
    : (workspaceFolders ?? []).map((folder) => folder.uri.toString());
  return places.length === 0 ? undefined : workspaceKeyOf(places);
}
