import type * as vscode from 'vscode';
import { LateError } from '../../sidecar/client/within.ts';
import { limitedFiles } from './limitedFiles.ts';

/**
 * Reads a file as UTF-8. `undefined`: it is larger than `maxBytes`, no text (it holds a zero byte), or can't be read. `onLate` is called where its
 * file system did not answer in time.
 */
export async function readTextFile(uri: vscode.Uri, maxBytes: number, onLate?: (error: LateError) => void): Promise<string | undefined> {
  try {
    if ((await limitedFiles.stat(uri)).size > maxBytes) return undefined;
    return textOf(await limitedFiles.readFile(uri));
  } catch (error) {
    if (error instanceof LateError) onLate?.(error);
    return undefined;
  }
}

/** `undefined`: the bytes are no text. */
export function textOf(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
