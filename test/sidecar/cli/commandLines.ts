import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CommandLineResult } from './commandLinesProcess.ts';

/** Runs command lines from the sources, one after the other, in one process. So the sources are loaded only once. */
export class CommandLines implements Disposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  constructor(environment: NodeJS.ProcessEnv) {
    const script = fileURLToPath(new URL('./commandLinesProcess.ts', import.meta.url));
    this.#child = fork(script, [], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit').then(([code]) => Number(code));
  }

  /** Returns the output of a command line, without the last line break, and its exit code. */
  async run(commandLine: readonly string[]): Promise<CommandLineResult> {
    const answer = once(this.#child, 'message');
    this.#child.send(commandLine);
    const result = await Promise.race([answer, this.#ended]);
    if (typeof result === 'number')
      throw new Error(`The process of command lines ended with exit code ${result} at: ${commandLine.join(' ')}`);
    return (result as [CommandLineResult])[0];
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}
