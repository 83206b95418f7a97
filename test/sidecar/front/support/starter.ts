/** A process that finds or starts the sidecar, prints its state, and stays until its input ends. */
import { findOrStart } from '../../../../sidecar/client/launch.ts';
import type { SidecarError } from '../../../../sidecar/common/sidecarError.ts';
import { launchOptions } from './sidecar.ts';

const [folder = '', version = '1.0.0'] = process.argv.slice(2);
try {
  const { socket, state, started } = await findOrStart(launchOptions(folder, { version }));
  process.stdout.write(`${JSON.stringify({ pid: state.pid, version: state.version, started })}\n`);
  process.stdin.resume().on('end', () => socket.close());
} catch (error) {
  const { code, message } = error as SidecarError;
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
}
