/** Runs works one at a time; of those that come meanwhile only the newest is run, when the one under way has ended. */
export class NewestNext {
  #waiting: (() => Promise<void>) | undefined;
  #running: Promise<void> | undefined;

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is to be run any more. Rejects with what a work throws. */
  run(work: () => Promise<void>): Promise<void> {
    this.#waiting = work;
    this.#running ??= this.#runWaiting();
    return this.#running;
  }

  async #runWaiting(): Promise<void> {
    try {
      for (let work = this.#waiting; work !== undefined; work = this.#waiting) {
        this.#waiting = undefined;
        await work();
      }
    } finally {
      this.#running = undefined;
    }
  }
}
