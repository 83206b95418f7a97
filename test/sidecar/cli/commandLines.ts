import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CommandLineResult } from './commandLinesProcess.ts';

/** Runs command lines, one after the other, in one process of the sources: it starts once, as each command does that a person gives. */
export class CommandLines implements Disposable {
  readonly #child: ChildProcess;

  constructor(environment: NodeJS.ProcessEnv) {
    const script = fileURLToPath(new URL('./commandLinesProcess.ts', import.meta.url));
    this.#child = fork(script, [], { execArgv: ['--import', import.meta.resolve('tsx')], env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** What the command line writes, without the last line's end, and its exit code. */
  async run(commandLine: readonly string[]): Promise<CommandLineResult> {
    const answer = once(this.#child, 'message');
    const ended = once(this.#child, 'exit').then(([code]) => Promise.reject(new Error(`The process of command lines ended with exit code ${String(code)} at: ${commandLine.join(' ')}`)));
    this.#child.send(commandLine);
    return ((await Promise.race([answer, ended])) as [CommandLineResult])[0];
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}
