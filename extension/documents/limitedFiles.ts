import * as vscode from 'vscode';
import { withLimit } from './withLimit.ts';

const LIMIT_MS = 10_000;

/** VS Code's file systems. What does not answer within ten seconds throws `LateError`: the machine of a network's folder may be gone. */
export const limitedFiles = {
  stat: (uri: vscode.Uri): Promise<vscode.FileStat> => withLimit(vscode.workspace.fs.stat(uri), LIMIT_MS),
  readFile: (uri: vscode.Uri): Promise<Uint8Array> => withLimit(vscode.workspace.fs.readFile(uri), LIMIT_MS),
  readDirectory: (uri: vscode.Uri): Promise<[string, vscode.FileType][]> => withLimit(vscode.workspace.fs.readDirectory(uri), LIMIT_MS),
};
