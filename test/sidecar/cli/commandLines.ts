import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SOURCE_OPTIONS } from '../../sourceOptions.ts';
import type { CommandLineResult } from './commandLinesProcess.ts';

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
}

/**
 * Runs command lines from the sources, one after the other, in one process. So the sources are loaded only once. The
 * process starts with the first of them.
 */
export class CommandLines implements AsyncDisposable {
  #running: Running | undefined;

  constructor(private readonly environment: () => NodeJS.ProcessEnv) {}

  /** Returns the output of a command line, without the last line break, and its exit code. */
  async run(commandLine: readonly string[]): Promise<CommandLineResult> {
    const { child, ended } = (this.#running ??= start(this.environment()));
    const answer = once(child, 'message');
    child.send(commandLine);
    const result = await Promise.race([answer, ended]);
    if (typeof result === 'number')
      throw new Error(`The process of command lines ended with exit code ${result} at: ${commandLine.join(' ')}`);
    return (result as [CommandLineResult])[0];
  }

  /** Ends the process, which may write into folders of its test until then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#running?.child.disconnect();
    await this.#running?.ended;
  }
}

function start(environment: NodeJS.ProcessEnv): Running {
  const script = fileURLToPath(new URL('./commandLinesProcess.ts', import.meta.url));
  const child = fork(script, [], {
    execArgv: [...SOURCE_OPTIONS],
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return { child, ended: once(child, 'exit').then(([code]) => Number(code)) };
}
