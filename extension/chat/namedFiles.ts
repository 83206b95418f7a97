import * as vscode from 'vscode';

/** The maximum number of files with the same name. Copies in a build's output are among them. */
const MAX_NAMESAKES = 20;

/**
 * Returns the workspace's files of a name or path. In a workspace with several folders a path may begin with a folder's
 * name, as Chorus itself writes paths there. Files that match it this way come first, since VS Code matches a pattern
 * against the path within each folder.
 */
export async function namedFiles(name: string, token?: vscode.CancellationToken): Promise<readonly vscode.Uri[]> {
  const pattern = name.replaceAll(/[[\]{}*?]/g, '?');
  const folders = vscode.workspace.workspaceFolders ?? [];
  const named = folders.length > 1 ? folders.filter((folder) => name.startsWith(`${folder.name}/`)) : [];
  const patterns = [
    ...named.map((folder) => new vscode.RelativePattern(folder, pattern.slice(folder.name.length + 1))),
    `**/${pattern}`,
  ];
  const found = await Promise.all(
    patterns.map((each) => vscode.workspace.findFiles(each, '**/node_modules/**', MAX_NAMESAKES, token)),
  );
  return found.flat();
}
