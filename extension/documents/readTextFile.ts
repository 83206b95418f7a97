import * as vscode from 'vscode';
import { LateError } from '../../sidecar/client/within.ts';
import { limitedFiles } from './limitedFiles.ts';

/**
 * Reads a file as UTF-8. `undefined`: it is larger than `maxBytes`, no text (it holds a zero byte), or can't be read. `onLate` is called where its
 * file system did not answer in time.
 */
export function readTextFile(uri: vscode.Uri, maxBytes: number, onLate?: (error: LateError) => void): Promise<string | undefined> {
  return read(uri, ({ size }) => size <= maxBytes, onLate);
}

/** As `readTextFile`; `undefined` of a link, too: it may lead out of the workspace, or to a secret under another name. */
export function readPlainFile(uri: vscode.Uri, maxBytes: number, onLate?: (error: LateError) => void): Promise<string | undefined> {
  return read(uri, ({ size, type }) => size <= maxBytes && type === vscode.FileType.File, onLate);
}

async function read(uri: vscode.Uri, isWanted: (status: vscode.FileStat) => boolean, onLate?: (error: LateError) => void): Promise<string | undefined> {
  try {
    return isWanted(await limitedFiles.stat(uri)) ? textOf(await limitedFiles.readFile(uri)) : undefined;
  } catch (error) {
    if (error instanceof LateError) onLate?.(error);
    return undefined;
  }
}

/** `undefined`: the bytes are no text. */
export function textOf(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
