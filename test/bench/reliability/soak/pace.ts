import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST = 40;
const SHORTEST = 0.5;
/** The factor of pauses in a run that may use a whole core. */
const WITHOUT_PAUSES = 0.01;

/** Pauses between actions. They become longer if the run uses more of the processor than allowed. */
export class Pace {
  #factor: number;

  constructor(
    private readonly allowedShare: number,
    private readonly signal: AbortSignal,
  ) {
    this.#factor = allowedShare < 1 ? 3 : WITHOUT_PAUSES;
  }

  /** Takes the share of one core that the run used in the last minutes. */
  measured(share: number): void {
    if (this.allowedShare < 1)
      this.#factor = Math.min(
        LONGEST,
        Math.max(SHORTEST, this.#factor * Math.min(2, Math.max(0.7, share / this.allowedShare))),
      );
  }

  get factor(): number {
    return this.#factor;
  }

  /** Waits about this long on an idle machine. Rejects when the run ends. */
  async think(ms: number): Promise<void> {
    await sleep(ms * this.#factor, undefined, { signal: this.signal });
  }
}
