/** Runs the command lines that its parent sends, and reports their output. */
import process from 'node:process';
import { runCommandLine } from '../../../sidecar/cli/commandLine.ts';
import { useEnvironmentLanguage } from '../../../sidecar/cli/language.ts';

/** The result in execa's form. */
export interface CommandLineResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

useEnvironmentLanguage();
const written = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (text: string | Uint8Array, ...rest: unknown[]): boolean => {
    written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}
process.on('message', (commandLine: readonly string[]) => {
  // `runCommandLine` reports every failure by its exit code.
  runCommandLine(commandLine).then(
    (exitCode) => {
      const result: CommandLineResult = {
        stdout: written.stdout.replace(/\n$/, ''),
        stderr: written.stderr.replace(/\n$/, ''),
        exitCode,
      };
      Object.assign(written, { stdout: '', stderr: '' });
      process.send?.(result);
    },
    () => process.exit(1),
  );
});
