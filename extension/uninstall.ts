/**
 * Runs when VS Code has removed the extension, as plain Node without `vscode`: stops the sidecar and removes what Chorus wrote outside
 * VS Code's storage, unless another product still has the extension, which uses the same. A sidecar is asked over its own authenticated
 * connection; no process is ended by its number.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeFiles, removeHome } from '../sidecar/client/home.ts';
import { forgetInstallation, isInstalled } from '../sidecar/client/installations.ts';
import { stopRunning } from '../sidecar/client/makeWay.ts';

const home = homeFiles();
const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
await forgetInstallation(home, { folder, version });
if (!(await isInstalled(home))) {
  try {
    await stopRunning(home.folder);
  } catch {
    // A sidecar that cannot be reached leaves by itself when its last client has gone.
  }
  await removeHome(home.folder);
}
