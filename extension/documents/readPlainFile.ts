import * as vscode from 'vscode';
import { LateError } from '../../sidecar/client/within.ts';
import { limitedFiles } from './limitedFiles.ts';
import { readTextFile } from './readTextFile.ts';

/** As `readTextFile`; `undefined` of a link, too: it may lead out of the workspace, or to a secret under another name. */
export async function readPlainFile(uri: vscode.Uri, maxBytes: number, onLate?: (error: LateError) => void): Promise<string | undefined> {
  try {
    if ((await limitedFiles.stat(uri)).type !== vscode.FileType.File) return undefined;
  } catch (error) {
    if (error instanceof LateError) onLate?.(error);
    return undefined;
  }
  return readTextFile(uri, maxBytes, onLate);
}
