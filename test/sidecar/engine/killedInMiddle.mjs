/** Loaded before an engine, it kills the process in the middle of the third file of a context. */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { writeFile } = promises;
let files = 0;
promises.writeFile = async (file, bytes, options) => {
  if (!String(file).endsWith('.tmp') || ++files < 3) return writeFile(file, bytes, options);
  await writeFile(file, bytes.subarray(0, bytes.length / 2), options);
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};
syncBuiltinESMExports();
