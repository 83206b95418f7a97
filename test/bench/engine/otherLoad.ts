import os from 'node:os';

/** More work of other processes than this share of the machine makes figures worthless. */
export const DISTURBING_SHARE = 0.05;

/** The milliseconds that all cores have worked for all processes. */
function busyMs(): number {
  return os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** Measures the work of other processes. */
export class OtherLoad {
  readonly #busyMs = busyMs();
  readonly #startMs = performance.now();
  readonly #ownMs: number;

  /** `ownMs` is the processor time that the engines have used until now. */
  constructor(ownMs: number) {
    this.#ownMs = ownMs;
  }

  /** Returns the share of the machine's processor time that other processes have used since the start. */
  share(ownMs: number): number {
    const capacityMs = (performance.now() - this.#startMs) * os.availableParallelism();
    return Math.max(0, busyMs() - this.#busyMs - (ownMs - this.#ownMs)) / capacityMs;
  }
}
