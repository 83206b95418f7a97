import * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import { limitedFiles } from './limitedFiles.ts';
import { textOf } from './readTextFile.ts';

/** The maximum size. No file written by a person is larger. */
const MAX_BYTES = 1024 * 1024;

/**
 * Returns the text of an ignore file, or `undefined` if there is none. Throws if it can't be read, and `TimeoutError`
 * if the file system does not answer.
 */
export async function readIgnoreFile(uri: vscode.Uri): Promise<string | undefined> {
  const stat = await limitedFiles.stat(uri).catch((error: unknown) => {
    if (error instanceof TimeoutError) throw error;
    return undefined;
  });
  if (stat === undefined || (stat.type & vscode.FileType.Directory) !== 0) return undefined;
  if (stat.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
  const text = textOf(await limitedFiles.readFile(uri));
  if (text === undefined) throw new Error('no text');
  return text;
}
