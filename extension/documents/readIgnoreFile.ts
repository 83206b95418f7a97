import * as vscode from 'vscode';
import { LateError } from '../../sidecar/common/within.ts';
import { limitedFiles } from './limitedFiles.ts';
import { textOf } from './readTextFile.ts';

/** No person wrote a larger one. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of an ignore file; `undefined`: there is none. Throws where there is one that can't be read, and `LateError`
 * where nobody can tell.
 */
export async function readIgnoreFile(uri: vscode.Uri): Promise<string | undefined> {
  const stat = await limitedFiles.stat(uri).catch((error: unknown) => {
    if (error instanceof LateError) throw error;
    return undefined;
  });
  if (stat === undefined || (stat.type & vscode.FileType.Directory) !== 0) return undefined;
  if (stat.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
  const text = textOf(await limitedFiles.readFile(uri));
  if (text === undefined) throw new Error('no text');
  return text;
}
