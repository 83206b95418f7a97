import process from 'node:process';

/**
 * Stops child processes that compute, and lets them go on. Only Linux ends a stopped process with its parent. So the
 * other systems stop none, and rely on the low priority of the processes.
 */
export class Pausing {
  readonly #pids = new Set<number>();
  #isPaused = false;

  constructor(private readonly platform: NodeJS.Platform = process.platform) {}

  /** Includes a process until the result is disposed. */
  include(pid: number): Disposable {
    this.#pids.add(pid);
    if (this.#isPaused) this.#signal(pid, 'SIGSTOP');
    return { [Symbol.dispose]: () => void this.#pids.delete(pid) };
  }

  pause(): void {
    this.#isPaused = true;
    for (const pid of this.#pids) this.#signal(pid, 'SIGSTOP');
  }

  resume(): void {
    this.#isPaused = false;
    for (const pid of this.#pids) this.#signal(pid, 'SIGCONT');
  }

  #signal(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.platform !== 'linux') return;
    try {
      process.kill(pid, signal);
    } catch {
      // The process has ended.
    }
  }
}
