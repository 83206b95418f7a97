import { execa, type ResultPromise } from 'execa';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The limit allows for loading a model with PyTorch on a busy machine. */
const START_LIMIT_MS = 300_000;

export interface RealServerOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly url: string;
  readonly key?: string;
}

/** A third-party server as a child process. */
export class RealServer implements AsyncDisposable {
  private constructor(
    private readonly child: ResultPromise,
    readonly options: RealServerOptions,
  ) {}

  /** Starts the server and waits until it lists its models. */
  static async start(options: RealServerOptions): Promise<RealServer> {
    const child = execa(options.command, options.arguments, {
      reject: false,
      stdout: 'ignore',
      stderr: 'ignore',
      env: { HF_HUB_OFFLINE: '1' },
    });
    const server = new RealServer(child, options);
    for (
      const begun = performance.now();
      performance.now() - begun < START_LIMIT_MS && child.exitCode === null;
      await sleep(500)
    ) {
      const answer = await fetch(`${options.url}/models`, {
        headers: options.key ? { authorization: `Bearer ${options.key}` } : {},
      }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return server;
    }
    await server.stop();
    throw new Error(
      `${options.command} ${options.arguments.join(' ')} listed no models within ${START_LIMIT_MS / 1000} s`,
    );
  }

  /** Returns the processor time of the process and its threads so far. */
  async processorSeconds(): Promise<number> {
    const fields = (await readFile(`/proc/${this.child.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
    // utime and stime, in hundredths of a second on Linux.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
