/** How much slower than lately a token has to be for another program to be suspected. */
const SUSPICIOUS_SLOWDOWN = 1.5;
/** How much faster the other number of threads has to be to be taken. */
const NEEDED_GAIN = 1.1;
/** The other number has to be faster so many times: of a few evaluations one may be slow for any reason. */
const TRIAL_ROUNDS = 2;
/** So much faster it is taken at once. */
const CLEAR_GAIN = 2;
/** Before the very first trial, since the machine may have been busy from the start. */
const FIRST_TRIAL_TOKENS = 4;
const FIRST_PAUSE_TOKENS = 16;
/** So much slower than lately a trial comes at once, if it is also twice as slow as when a trial was of no use. */
const ALARMING_SLOWDOWN = 4;
const WORSE_SINCE_TRIAL = 2;
const LONGEST_PAUSE_TOKENS = 512;
const FORGETTING = 0.8;
/** By how much the memory of the fastest token fades with each: a longer context makes tokens slower too. */
const FADING = 1.002;

/**
 * Chooses compute threads for evaluations of one kind while other programs use the processor. ggml's threads wait for
 * each other at every operation by spinning, so one that the system has put aside holds up all: with busy cores, one
 * thread less is much faster. What is faster is tried, when a token becomes slow and now and then, and not asked of the
 * system, whose load says nothing of cores. An answer's tokens and a prompt's pieces have one each: an operation of a
 * prompt is long, so that less is waited between them.
 */
export class ThreadGovernor {
  #threads: number;
  #isQuiet = false;
  /** Milliseconds per token with the present number, smoothed. */
  #present: number | undefined;
  #fastest = Infinity;
  #trial: number[] | undefined;
  #sinceTrial = 0;
  /** What evaluations took when the last trial was of no use. */
  #uselessAt = 0;
  #hasTried = false;
  #pause = FIRST_PAUSE_TOKENS;

  constructor(
    private readonly most: number,
    /**
     * A trial takes so many evaluations with the other number, then as many with the present one; the fastest of each
     * counts, since the first may also warm up.
     */
    private readonly trialEvaluations = 3,
  ) {
    this.#threads = most;
  }

  /** Threads for the next evaluation. */
  get threads(): number {
    if (this.#isQuiet) return Math.ceil(this.most / 2);
    const triesOther = this.#trial !== undefined && Math.floor(this.#trial.length / this.trialEvaluations) % 2 === 0;
    return triesOther ? this.#other() : this.#threads;
  }

  /** Uses half the threads, whatever is faster. */
  set isQuiet(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  /** Tells what an evaluation took, by the token. */
  record(elapsedMs: number): void {
    if (this.most < 2 || this.#isQuiet) return;
    if (this.#trial) return this.#recordTrial(elapsedMs, this.#trial);
    this.#present = this.#present === undefined ? elapsedMs : this.#present * FORGETTING + elapsedMs * (1 - FORGETTING);
    this.#fastest = Math.min(this.#fastest * FADING, this.#present);
    this.#sinceTrial++;
    const isAlarming = this.#present > Math.max(this.#fastest * ALARMING_SLOWDOWN, this.#uselessAt * WORSE_SINCE_TRIAL);
    const isSlow = this.#threads < this.most || this.#present > this.#fastest * SUSPICIOUS_SLOWDOWN;
    const pause = !this.#hasTried ? FIRST_TRIAL_TOKENS : isSlow ? this.#pause : LONGEST_PAUSE_TOKENS;
    if (this.#sinceTrial < pause && !isAlarming) return;
    this.#hasTried = true;
    this.#trial = [];
  }

  #recordTrial(elapsedMs: number, times: number[]): void {
    times.push(elapsedMs);
    if (times.length === this.trialEvaluations && Math.min(...times) * CLEAR_GAIN < (this.#present ?? 0))
      return this.#endTrial(Math.min(...times));
    const round = 2 * this.trialEvaluations;
    if (times.length % round !== 0) return;
    const [other, present] = [times.slice(-round, -this.trialEvaluations), times.slice(-this.trialEvaluations)].map(
      (each) => Math.min(...each),
    ) as [number, number];
    const isFaster = other * NEEDED_GAIN < present;
    if (isFaster && times.length < round * TRIAL_ROUNDS) return;
    this.#endTrial(isFaster ? other : undefined);
  }

  /** The other number is taken where it is faster, with so many milliseconds. */
  #endTrial(otherMs: number | undefined): void {
    this.#trial = undefined;
    this.#sinceTrial = 0;
    if (otherMs === undefined) {
      this.#uselessAt = this.#present ?? 0;
      this.#pause = Math.min(LONGEST_PAUSE_TOKENS, this.#pause * 2);
      return;
    }
    this.#threads = this.#other();
    this.#present = otherMs;
    this.#uselessAt = 0;
    this.#pause = FIRST_PAUSE_TOKENS;
  }

  #other(): number {
    return this.#threads === this.most ? this.most - 1 : this.most;
  }
}
