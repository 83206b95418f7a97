/**
 * Reads a repository of a remote window from the user's machine. The git extension runs on the remote side, so its API
 * is out of reach. VS Code carries commands, file systems and text documents across, and they are enough.
 */
import * as vscode from 'vscode';
import { readPlainFile } from '../../documents/readTextFile.ts';
import { MAX_FILE_BYTES, MAX_READ_UNITS, type CommitSource, type MayRead } from './commitSource.ts';
import { remoteDiff, type DiffOptions } from './remoteDiff.ts';
import { inputBoxRoot, onSideOf, type UriParts } from './remoteUris.ts';
import type { FileDiff } from './unifiedDiff.ts';

/** The used part of the result of the command `git.api.getRepositoryState`. */
interface RepositoryState {
  readonly indexChanges: readonly ReportedChange[];
  readonly workingTreeChanges: readonly ReportedChange[];
}
interface ReportedChange {
  readonly uri: string;
  readonly originalUri: string;
  readonly status: string;
}

/**
 * Returns the remote repositories. The result is empty if no repository is open, or if the git extension is switched
 * off.
 */
export async function commandSources(): Promise<readonly CommitSource[]> {
  const commands = await vscode.commands.getCommands(true);
  if (!commands.includes('git.api.getRepositories') || !commands.includes('git.api.getRepositoryState')) return [];
  const roots = (await vscode.commands.executeCommand<string[] | undefined>('git.api.getRepositories')) ?? [];
  return roots.map(commandSource);
}

function commandSource(reportedRoot: string): CommitSource {
  const rootUri = toLocalUri(reportedRoot);
  const inputBox = (): vscode.TextDocument | undefined =>
    vscode.workspace.textDocuments.find(
      ({ uri }) => uri.scheme === 'vscode-scm' && inputBoxRoot(uri.query)?.path === rootUri.path,
    );
  return {
    rootUri,

    async changes(mayRead) {
      const state = await vscode.commands.executeCommand<RepositoryState | null>(
        'git.api.getRepositoryState',
        reportedRoot,
      );
      if (!state) return [];
      return state.indexChanges.length > 0
        ? diffs(state.indexChanges, true, rootUri, mayRead)
        : diffs(state.workingTreeChanges, false, rootUri, mayRead);
    },

    recentMessages: async () => [],

    readMessage: () => inputBox()?.getText(),

    async setMessage(message) {
      // The box passes edits of its document on to the git extension only while its view is shown.
      await vscode.commands.executeCommand('workbench.view.scm');
      const box = inputBox();
      if (!box) return false;
      const edit = new vscode.WorkspaceEdit();
      edit.replace(box.uri, new vscode.Range(0, 0, box.lineCount, 0), message);
      return vscode.workspace.applyEdit(edit);
    },
  };
}

async function diffs(
  changes: readonly ReportedChange[],
  isStaged: boolean,
  rootUri: vscode.Uri,
  mayRead: MayRead,
): Promise<FileDiff[]> {
  let units = 0;
  const options: DiffOptions = {
    isStaged,
    rootPath: rootUri.path,
    mayRead: (uri) => mayRead(vscode.Uri.from(uri)),
    read: async (uri) => (units < MAX_READ_UNITS ? readPlainFile(vscode.Uri.from(uri), MAX_FILE_BYTES) : undefined),
  };
  const files: FileDiff[] = [];
  for (const { uri, originalUri, status } of changes) {
    const file = await remoteDiff(
      { uri: toLocalUri(uri), originalUri: toLocalUri(originalUri), isUntracked: status === 'UNTRACKED' },
      options,
    );
    if (!file) continue;
    files.push(file);
    units += file.text.length;
  }
  return files;
}

/**
 * The remote side reports `file:` URIs. On the user's side the same file has the workspace folder's scheme and
 * authority.
 */
function toLocalUri(reported: string): vscode.Uri {
  const folders: readonly UriParts[] = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  return vscode.Uri.from(onSideOf(folders, vscode.Uri.parse(reported)));
}
