import * as vscode from 'vscode';
import pTimeout from 'p-timeout';

const LIMIT_MS = 10_000;

/**
 * VS Code's file systems with a limit of ten seconds. After that a call throws `TimeoutError`, since the machine of a
 * network folder may be gone.
 */
export const limitedFiles = {
  stat: (uri: vscode.Uri): Promise<vscode.FileStat> => answered(vscode.workspace.fs.stat(uri)),
  readFile: (uri: vscode.Uri): Promise<Uint8Array> => answered(vscode.workspace.fs.readFile(uri)),
  readDirectory: (uri: vscode.Uri): Promise<[string, vscode.FileType][]> =>
    answered(vscode.workspace.fs.readDirectory(uri)),
};

function answered<T>(work: Thenable<T>): Promise<T> {
  return pTimeout(work, { milliseconds: LIMIT_MS, message: `no answer within ${LIMIT_MS} ms` });
}
