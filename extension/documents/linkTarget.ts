import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import pTimeout from 'p-timeout';

const LIMIT_MS = 10_000;

/**
 * Returns a file's location after all links in its path are followed. Returns `undefined` if it is at its own path, on
 * no disk of this machine, or does not exist. Asks the disk itself, since VS Code's file systems return no real path.
 * Throws `TimeoutError` if the disk does not answer in time.
 */
export async function linkTarget(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  if (uri.scheme !== 'file') return undefined;
  const real = realpath(uri.fsPath).catch(() => undefined);
  const path = await pTimeout(real, { milliseconds: LIMIT_MS, message: `no answer within ${LIMIT_MS} ms` });
  const target = path === undefined ? uri : vscode.Uri.file(path);
  return target.toString() === uri.toString() ? undefined : target;
}
