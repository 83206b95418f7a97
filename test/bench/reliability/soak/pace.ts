import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST = 40;
const SHORTEST = 0.5;
/** Of a run that may take all of a core. */
const WITHOUT_PAUSES = 0.01;

/** Pauses between actions, longer where the run takes more of the processor than it may. */
export class Pace {
  #factor: number;

  constructor(
    private readonly allowedShare: number,
    private readonly signal: AbortSignal,
  ) {
    this.#factor = allowedShare < 1 ? 3 : WITHOUT_PAUSES;
  }

  /** Takes the share of one core that the run took in the last minutes. */
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

  /** Waits about so long on a machine with time to spare; rejects when the run ends. */
  async think(ms: number): Promise<void> {
    await sleep(ms * this.#factor, undefined, { signal: this.signal });
  }
}
