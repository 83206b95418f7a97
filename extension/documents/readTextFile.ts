import * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import type { SkippedFiles } from '../../sidecar/protocol/client.ts';
import { limitedFiles } from './limitedFiles.ts';

/**
 * Reads a file as UTF-8. Resolves with `undefined` if it is larger than `maxBytes`, is no text (it holds a zero byte),
 * or can't be read. Calls `onLate` if its file system did not answer in time.
 */
export function readTextFile(
  uri: vscode.Uri,
  maxBytes: number,
  onLate?: (error: TimeoutError) => void,
): Promise<string | undefined> {
  const onSkipped = (_reason: SkipReason, error?: unknown): void => {
    if (error instanceof TimeoutError) onLate?.(error);
  };
  return read(uri, ({ size }) => (size > maxBytes ? 'tooLarge' : undefined), onSkipped);
}

/**
 * Reads a file like `readTextFile`, but resolves with `undefined` for a link too. A link may lead out of the workspace,
 * or to a secret under another name. If there is no text, calls `onSkipped` with the reason and the thrown error.
 */
export function readPlainFile(
  uri: vscode.Uri,
  maxBytes: number,
  onSkipped?: (reason: SkipReason, error?: unknown) => void,
): Promise<string | undefined> {
  return read(
    uri,
    ({ size, type }) => {
      if (type !== vscode.FileType.File) return (type & vscode.FileType.SymbolicLink) !== 0 ? 'links' : 'unreadable';
      return size > maxBytes ? 'tooLarge' : undefined;
    },
    onSkipped,
  );
}

/** The reason why a file has no text for the model. */
export type SkipReason = Exclude<keyof SkippedFiles, 'tooDeep'>;

async function read(
  uri: vscode.Uri,
  unwanted: (status: vscode.FileStat) => SkipReason | undefined,
  onSkipped?: (reason: SkipReason, error?: unknown) => void,
): Promise<string | undefined> {
  try {
    const reason = unwanted(await limitedFiles.stat(uri));
    const text = reason === undefined ? textOf(await limitedFiles.readFile(uri)) : undefined;
    if (text === undefined) onSkipped?.(reason ?? 'binary');
    return text;
  } catch (error) {
    onSkipped?.('unreadable', error);
    return undefined;
  }
}

/** Returns `undefined` if the bytes are no text. */
export function textOf(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
