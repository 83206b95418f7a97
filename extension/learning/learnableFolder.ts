import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import { readChorusSettings, readLearningTokens, readSecretPatterns } from '../settings.ts';
import { workspaceKey } from '../sidecar/initialization.ts';
import type { LearnProcessOptions } from './learnProcess.ts';

/** Only Linux can stop the process. Elsewhere its low priority must do. */
export const CAN_PAUSE = process.platform === 'linux';

/** Only one folder on this machine has an expert, and only a trusted one. */
export function learnableFolder(): vscode.WorkspaceFolder | undefined {
  const { workspaceFile, workspaceFolders = [], isTrusted } = vscode.workspace;
  const [folder] = workspaceFolders;
  const isOne = workspaceFile === undefined && workspaceFolders.length === 1 && folder?.uri.scheme === 'file';
  return isOne && isTrusted ? folder : undefined;
}

/** Says why nothing can be learnt in this window, or returns `undefined`. */
export function obstacleTo(server: Pick<ServerChoice, 'settings'>): string | undefined {
  const { engine } = readChorusSettings(vscode.workspace.getConfiguration('chorus'));
  if (server.settings || engine === 'llama')
    return l10n.t(
      'What Chorus learns counts only for its own engine on this machine. Choose the model on this machine and the engine “auto” first.',
    );
  return learnableFolder()
    ? undefined
    : l10n.t('Chorus learns one folder at a time. Open a window with one folder that you trust.');
}

/** Returns what `chorus learn` needs to know of a folder. */
export function learnRequest(
  { extensionPath }: Pick<vscode.ExtensionContext, 'extensionPath'>,
  { uri }: vscode.WorkspaceFolder,
): Omit<LearnProcessOptions, 'signal' | 'onProgress'> {
  const reader = vscode.workspace.getConfiguration('chorus');
  return {
    cliScript: path.join(extensionPath, 'dist', 'cli.mjs'),
    folder: uri.fsPath,
    workspaceKey: workspaceKey() ?? '',
    modelPath: readChorusSettings(reader).modelPath ?? '',
    maxTokens: readLearningTokens(reader),
    secretFiles: readSecretPatterns(reader),
  };
}
