import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { limitedFiles } from '../documents/limitedFiles.ts';
import { MAX_FOLDER_DEPTH, mayBeText, SKIPPED_FOLDERS } from '../../sidecar/privacy/sourceNames.ts';

export interface WalkOptions {
  readonly onSkipped: (line: string) => void;
  /** Called for an omitted entry that gets no log line of its own. */
  readonly onLeftOut?: (reason: 'links' | 'tooDeep') => void;
  /** Called with the names in a folder before any of them is judged. */
  readonly onFolder?: (names: readonly string[]) => void;
  /** The depth of the root below its workspace folder. By default the root is that folder. */
  readonly depth?: number;
}

/**
 * Finds the files of a folder that the model may read, breadth first, through `vscode.workspace.fs`. Skips everything
 * below an ignored folder. Does not follow links, which avoids loops, files outside the workspace, and secrets under
 * another name. Logs one line for a folder that can't be read.
 */
export async function* walkFolder(
  root: vscode.Uri,
  policy: Pick<DocumentPolicy, 'judgeName' | 'forbidsFolder'>,
  { onSkipped, onLeftOut, onFolder, depth: rootDepth = 0 }: WalkOptions,
): AsyncGenerator<vscode.Uri> {
  const folders = [{ uri: root, depth: rootDepth }];
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const { uri: folder, depth } = next;
    if (depth > MAX_FOLDER_DEPTH) {
      onLeftOut?.('tooDeep');
      continue;
    }
    const entries = await limitedFiles.readDirectory(folder).catch((error: unknown) => {
      onSkipped(`A folder of the workspace was left out: ${error instanceof Error ? error.name : String(error)}`);
      return [];
    });
    onFolder?.(entries.map(([name]) => name));
    for (const [name, type] of entries) {
      const uri = vscode.Uri.joinPath(folder, name);
      if (type === vscode.FileType.Directory) {
        if (!SKIPPED_FOLDERS.has(name) && !(await policy.forbidsFolder(uri))) folders.push({ uri, depth: depth + 1 });
      } else if (type === vscode.FileType.File && mayBeText(name)) {
        if ((await policy.judgeName(uri)) === 'allowed') yield uri;
      } else if ((type & vscode.FileType.SymbolicLink) !== 0 && mayBeText(name) && !SKIPPED_FOLDERS.has(name)) {
        onLeftOut?.('links');
      }
    }
  }
}
