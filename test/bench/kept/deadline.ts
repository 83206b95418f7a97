/** Ends a run before an external time limit. */
export class Deadline {
  readonly #at: number;

  /** Without `seconds` there is no limit. */
  constructor(seconds: number | undefined) {
    this.#at = seconds === undefined ? Infinity : performance.now() + seconds * 1_000;
  }

  /** Returns the deadline of one of several remaining tasks, which gets an equal part of the remaining time. */
  part(things: number): Deadline {
    return new Deadline(this.#at === Infinity ? undefined : Math.max(0, this.#at - performance.now()) / 1_000 / things);
  }

  get isOver(): boolean {
    return performance.now() > this.#at;
  }
}
