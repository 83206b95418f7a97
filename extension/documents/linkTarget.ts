import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { within } from '../../sidecar/common/within.ts';

const LIMIT_MS = 10_000;

/**
 * Where a file lies once all links are followed, whichever of its path's folders are some. `undefined`: at its own
 * path, or nobody can tell, since it is on no disk of this machine, or there is none. Throws `LateError` where the disk
 * does not answer in time: VS Code's file systems tell no real path, so that it is asked itself.
 */
export async function linkTarget(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  if (uri.scheme !== 'file') return undefined;
  const real = realpath(uri.fsPath).catch(() => undefined);
  const path = await within(LIMIT_MS, real, `no answer within ${LIMIT_MS} ms`);
  const target = path === undefined ? uri : vscode.Uri.file(path);
  return target.toString() === uri.toString() ? undefined : target;
}
