/** Ends a run before a limit of time that somebody else sets. */
export class Deadline {
  readonly #at: number;

  /** Without seconds there is none. */
  constructor(seconds: number | undefined) {
    this.#at = seconds === undefined ? Infinity : performance.now() + seconds * 1_000;
  }

  /** For one of several things that are still to be done: an equal part of the time that is left. */
  part(things: number): Deadline {
    return new Deadline(this.#at === Infinity ? undefined : Math.max(0, this.#at - performance.now()) / 1_000 / things);
  }

  get isOver(): boolean {
    return performance.now() > this.#at;
  }
}
