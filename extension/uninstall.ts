/**
 * Runs when VS Code has removed the extension, as plain Node without `vscode`: stops the sidecar and removes what
 * Chorus wrote outside VS Code's storage. Where another product still has the extension, which uses the same, only a
 * sidecar is stopped whose own files are removed now. A sidecar is asked over its own authenticated connection; no
 * process is ended by its number.
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
    // A sidecar that cannot be reached leaves by itself when its last client has gone.
  }
}
if (!isShared) await removeHome(home.folder);

/** It would not find its engine and the bundled model any more; its clients start another from what they have. */
async function runsFromHere(): Promise<boolean> {
  const script = (await readStateFile(home.stateFile))?.script;
  if (script === undefined) return false;
  const fromHere = path.relative(folder, await realpath(script).catch(() => script));
  return !fromHere.startsWith('..') && !path.isAbsolute(fromHere);
}
