import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { runCudaInstaller } from '../../../extension/cuda/runInstaller.ts';

/** A command line that does what `code` says. */
async function commandLine(code: string): Promise<string> {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'chorus-installer-')), 'cli.mjs');
  await writeFile(file, code);
  return file;
}
const never = new AbortController().signal;

describe('the CUDA installer', () => {
  it('runs the bundled command line as Node', async () => {
    const script = await commandLine(`
      const fits = process.argv.slice(2).join(' ') === 'cuda --install --json' && process.env.ELECTRON_RUN_AS_NODE === '1';
      process.exitCode = fits ? 0 : 1;
    `);
    await runCudaInstaller(script, never);
  });

  it('fails with the words of the command line', async () => {
    const script = await commandLine(`console.log(JSON.stringify({ error: { code: 'failed', message: 'The driver is missing.' } })); process.exitCode = 1;`);
    await assert.rejects(runCudaInstaller(script, never), { message: 'The driver is missing.' });
  });

  it('fails with the last words where the command line crashes', async () => {
    await assert.rejects(runCudaInstaller(await commandLine(`console.error('first'); console.error('last'); process.exit(3);`), never), { message: 'last' });
  });

  it('ends when cancelled', async () => {
    const controller = new AbortController();
    const running = runCudaInstaller(await commandLine('setInterval(() => undefined, 1000);'), controller.signal);
    controller.abort();
    await assert.rejects(running);
  });
});
