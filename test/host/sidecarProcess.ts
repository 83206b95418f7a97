/** The sidecar's process as seen from outside, for tests and `npm start`. */
import { homeFiles } from '../../sidecar/common/home.ts';
import { stopRunning } from '../../sidecar/client/makeWay.ts';
import { readStateFile } from '../../sidecar/client/stateFile.ts';
import { isRunning } from '../isRunning.ts';
import { waitFor } from './waitFor.ts';

/** Asks the sidecar of a home to stop, if one runs, and waits until its process has ended. */
export async function stopSidecar(home: string): Promise<void> {
  const state = await readStateFile(homeFiles(home).stateFile);
  if (!state || !isRunning(state.pid)) return;
  await stopRunning(home);
  await waitFor('the sidecar to stop', () => !isRunning(state.pid), { timeoutMs: 15_000 });
}
