import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { nodeEnvironment } from '../../common/childProcess/nodeEnvironment.ts';
import { ownScript } from '../../common/childProcess/ownScript.ts';
import { LIFELINE_FD, lifelineEnvironment } from '../../common/childProcess/pulse.ts';
import { MAX_HEAP_MEBIBYTES, type RenderAnswer, type RenderRequest } from './messages.ts';

/**
 * How long to wait for an answer beyond the time limit, which the process enforces itself. On a busy machine the
 * process may still be starting.
 */
const HANG_MARGIN_MS = 12_000;

/**
 * Renders templates one after another in a child process. It starts with the first template and stays for the next;
 * after it ended, the next template starts it again.
 *
 * A thread would not do: V8 ends the whole process if a single string or array exceeds the rest of a thread's heap.
 */
export class TemplateProcess {
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Starts the process ahead of the first template, if it does not run. */
  start(): void {
    if (this.#child) return;
    this.#child = this.#fork();
    keepWaitingFor(this.#child, false);
  }

  /** Renders a template. Never rejects. */
  render(request: RenderRequest): Promise<RenderAnswer> {
    const answer = this.#last.then(() => this.#ask(request));
    this.#last = answer;
    return answer;
  }

  /** The process id, or `undefined` if the process is not running. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  dispose(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #ask(request: RenderRequest): Promise<RenderAnswer> {
    const child = (this.#child ??= this.#fork());
    keepWaitingFor(child, true);
    const answer = await answerOf(child, request);
    keepWaitingFor(child, false);
    if (answer.result === 'ended') this.dispose();
    return answer;
  }

  #fork(): ChildProcess {
    const { file, execArgv: loader } = ownScript(import.meta.url, { bundle: 'chatTemplate.mjs', source: './main.ts' });
    const execArgv = [`--max-old-space-size=${MAX_HEAP_MEBIBYTES}`, ...loader];
    // V8 prints pages of output when its heap is full.
    const child = fork(file, [], {
      execArgv,
      env: nodeEnvironment(lifelineEnvironment),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
    });
    // The child's lifeline: this pipe closes with the parent. It is absent if the process could not be started.
    (child.stdio[LIFELINE_FD] as Socket | undefined)?.on('error', () => undefined).unref();
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.on('exit', forget).on('error', forget);
    return child;
  }
}

function answerOf(child: ChildProcess, request: RenderRequest): Promise<RenderAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: RenderAnswer): void => {
      clearTimeout(timer);
      child.off('message', settle).off('exit', exited).off('error', failed);
      resolve(answer);
    };
    const ended = (message: string): void => settle({ result: 'ended', message });
    const exited = (code: number | null, signal: string | null): void => ended(signal ?? `exit code ${code ?? 'none'}`);
    const failed = (error: Error): void => ended(error.message);
    const hangLimitMs = request.limitMs + HANG_MARGIN_MS;
    const timer = setTimeout(() => ended(`no answer after ${hangLimitMs / 1_000} s`), hangLimitMs);
    child.on('message', settle).on('exit', exited).on('error', failed);
    // If the write fails, the end of the process is reported instead.
    child.send(request, () => undefined);
  });
}

/** Lets this process wait for the child or not. A finished program must end even if it rendered templates before. */
function keepWaitingFor(child: ChildProcess, waits: boolean): void {
  if (waits) child.ref();
  else child.unref();
  if (waits) child.channel?.ref();
  else child.channel?.unref();
}
