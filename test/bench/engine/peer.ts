import { execa } from 'execa';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { computeEnvironment } from '../../../sidecar/common/childProcess/computeEnvironment.ts';
import { OutputTail } from '../../../sidecar/common/childProcess/outputTail.ts';
import { repositoryRoot } from '../report.ts';
import type { Answer, Command, Failure, Logits, Ready, WorkerOptions } from './protocol.ts';

/** An engine's process ended, or never began. */
export class PeerError extends Error {
  constructor(reason: string) {
    // The reason goes to the page, which names no folder of the machine.
    super(reason.replaceAll(/(?:\/[\w.@+-]+)+\/([\w.@+-]+)/g, '$1'));
    this.name = 'PeerError';
  }
}

export interface PeerOptions extends WorkerOptions {
  /** The Python that has ik_llama.cpp. */
  readonly python?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/** An engine in a process of its own, which sleeps between its commands. */
export class Peer implements AsyncDisposable {
  readonly #subprocess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors = new OutputTail();
  libraries: readonly string[] = [];

  private constructor({ python, environment, ...options }: PeerOptions) {
    const folder = path.dirname(fileURLToPath(import.meta.url));
    const [file, args] =
      options.engine === 'ik'
        ? [python ?? 'python3', [path.join(folder, 'ikPeer.py')]]
        : [process.execPath, ['--import', 'tsx', path.join(folder, 'worker.ts')]];
    this.#subprocess = execa(file, [...args, JSON.stringify(options)], {
      cwd: repositoryRoot,
      env: { ...computeEnvironment, ...environment },
      buffer: false,
      reject: false,
    });
    this.#subprocess.stderr.setEncoding('utf8').on('data', (text: string) => this.#errors.push(text));
    this.#lines = createInterface({ input: this.#subprocess.stdout })[Symbol.asyncIterator]();
  }

  /** Starts an engine and waits until it has loaded its model. Throws `PeerError`. */
  static async start(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    ({ libraries: peer.libraries } = await peer.#read<Ready>());
    return peer;
  }

  /** Lets the engine follow a command. Throws `PeerError` if its process ends. */
  async ask(command: Exclude<Command, { do: 'logits' }>): Promise<Answer> {
    this.#send(command);
    return this.#read<Answer>();
  }

  /** Returns the logits of the last token of a prompt. Throws `PeerError` if the process ends. */
  async logits(count: number): Promise<readonly number[]> {
    this.#send({ do: 'logits', count });
    return (await this.#read<Logits>()).logits;
  }

  #send(command: Command): void {
    this.#subprocess.stdin.write(`${JSON.stringify(command)}\n`);
  }

  async #read<Value>(): Promise<Value> {
    const line = await this.#lines.next();
    if (line.done) throw new PeerError(await this.#endReason());
    const value = JSON.parse(line.value) as Value | Failure;
    if (typeof value === 'object' && value && 'error' in value)
      throw new PeerError(`${value.error}: ${this.#reason()}`);
    return value;
  }

  async #endReason(): Promise<string> {
    const { signal, exitCode } = await this.#subprocess;
    return `it ended with ${signal ?? `exit code ${exitCode}`}: ${this.#reason()}`;
  }

  /** The line of its errors that tells most. */
  #reason(): string {
    const lines = this.#errors.text.split('\n');
    return lines.find((line) => /assert|error|fail/i.test(line)) ?? lines.at(-1) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subprocess.stdin.end();
    await this.#subprocess;
  }
}
