/** Runs one task at a time. Of the tasks that arrive meanwhile, only the newest runs next. */
export class NewestNext {
  #waiting: (() => Promise<void>) | undefined;
  #running: Promise<void> | undefined;

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when no task is left. Rejects with the error of a task. */
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
