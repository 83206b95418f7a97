import * as vscode from 'vscode';
import type { ChorusInitializationOptions } from '../../sidecar/protocol/client.ts';
import { workspaceKeyOf } from '../../sidecar/client/workspaceKey.ts';
import { readChorusSettings } from '../settings.ts';
import type { LanguageClientSession } from './sidecarSession.ts';

/** What the sidecar learns of this window when it connects. */
export function initializationOptions(clientVersion: string): ChorusInitializationOptions {
  return {
    clientKind: 'vscode',
    clientVersion,
    settings: readChorusSettings(vscode.workspace.getConfiguration('chorus')),
    workspaceKey: workspaceKey(),
    providesWorkspace: true,
  };
}

/** Tells the sidecar of changed settings. */
export function registerSettingsSync(context: vscode.ExtensionContext, session: LanguageClientSession, onError: (error: unknown) => void): void {
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('chorus')) return;
      const settings = { chorus: readChorusSettings(vscode.workspace.getConfiguration('chorus')) };
      session.notifyIfRunning('workspace/didChangeConfiguration', { settings }).catch(onError);
    }),
  );
}

/** A name for the workspace that tells nothing of it. */
export function workspaceKey(): string | undefined {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  const places = workspaceFile ? [workspaceFile.toString()] : (workspaceFolders ?? []).map((folder) => folder.uri.toString());
  return places.length === 0 ? undefined : workspaceKeyOf(places);
}
