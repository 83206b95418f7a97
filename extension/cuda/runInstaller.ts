import { execa } from 'execa';
import { nodeEnvironment } from '../../sidecar/client/nodeEnvironment.ts';

/**
 * Runs `chorus cuda --install` of the bundled command line with the runtime that runs this. Throws an `Error` with the command's own words where
 * nothing was installed, also when `signal` aborts.
 */
export async function runCudaInstaller(cliScript: string, signal: AbortSignal): Promise<void> {
  const { failed, stdout, stderr } = await execa(process.execPath, [cliScript, 'cuda', '--install', '--json'], {
    extendEnv: false,
    env: nodeEnvironment(),
    cancelSignal: signal,
    reject: false,
    stdin: 'ignore',
    windowsHide: true,
  });
  if (failed) throw new Error(messageOf(stdout) ?? stderr.trim().split('\n').at(-1) ?? '');
}

function messageOf(stdout: string): string | undefined {
  try {
    return (JSON.parse(stdout) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
