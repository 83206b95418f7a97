/**
 * Runs when VS Code has removed the extension, as plain Node without `vscode`: stops the sidecar and removes what Chorus wrote outside
 * VS Code's storage. A sidecar is asked over its own authenticated connection; no process is ended by its number.
 */
import { homeFolder, removeHome } from '../sidecar/client/home.ts';
import { stopRunning } from '../sidecar/client/makeWay.ts';

const folder = homeFolder();
try {
  await stopRunning(folder);
} catch {
  // A sidecar that cannot be reached leaves by itself when its last client has gone.
}
await removeHome(folder);
