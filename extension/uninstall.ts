/**
 * Runs after VS Code has removed the extension, as plain Node without `vscode`. Stops the sidecar and removes the files
 * that Chorus wrote outside VS Code's storage.
 *
 * If another product still has the extension, the files are shared. Then it stops the sidecar only if the sidecar's own
 * files are being removed. It asks the sidecar over the authenticated connection and ends no process by its number.
 */
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeFiles, removeHome } from '../sidecar/common/home.ts';
import { forgetInstallation, isInstalled } from '../sidecar/client/installations.ts';
import { stopRunning } from '../sidecar/client/makeWay.ts';
import { readStateFile } from '../sidecar/client/stateFile.ts';
import { parseJson } from '../sidecar/common/parseJson.ts';

const home = homeFiles();
const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { version } = parseJson(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
await forgetInstallation(home, { folder, version });
const isShared = await isInstalled(home);
if (!isShared || (await runsFromHere())) {
  try {
    await stopRunning(home.folder);
  } catch {
    // A sidecar that can't be reached exits by itself after its last client has left.
  }
}
if (!isShared) await removeHome(home.folder);

/**
 * Returns whether the sidecar runs from this folder. It could no longer find its engine and the bundled model, and its
 * clients can start another from their own files.
 */
async function runsFromHere(): Promise<boolean> {
  const script = (await readStateFile(home.stateFile))?.script;
  if (script === undefined) return false;
  const fromHere = path.relative(folder, await realpath(script).catch(() => script));
  return !fromHere.startsWith('..') && !path.isAbsolute(fromHere);
}
