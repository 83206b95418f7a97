/** Tokens that are this much slower than recent ones are a sign of another program. */
const SUSPICIOUS_SLOWDOWN = 1.5;
/** How much faster the other number of threads must be to be chosen. */
const NEEDED_GAIN = 1.1;
/** In how many rounds the other number must be faster. A few evaluations may be slow for any reason. */
const TRIAL_ROUNDS = 2;
/** If the other number is this much faster, it is chosen at once. */
const CLEAR_GAIN = 2;
/** The first trial comes early, since the machine may be busy from the start. */
const FIRST_TRIAL_TOKENS = 4;
const FIRST_PAUSE_TOKENS = 16;
/**
 * If tokens are this much slower than recent ones, a trial starts at once. They must also be twice as slow as at the
 * last trial without success.
 */
const ALARMING_SLOWDOWN = 4;
const WORSE_SINCE_TRIAL = 2;
const LONGEST_PAUSE_TOKENS = 512;
const FORGETTING = 0.8;
/** How fast the record of the fastest token fades per token. A longer context also makes tokens slower. */
const FADING = 1.002;

/**
 * Chooses the number of compute threads for evaluations of one kind while other programs use the processor. Threads of
 * ggml spin to wait for each other at every operation, so a descheduled thread holds up all. On busy cores, one thread
 * less is much faster. Both numbers are tried when tokens become slow, and now and then; the system's load says nothing
 * of single cores.
 *
 * Answers and prompts have a governor each. Operations of a prompt are long, so its threads wait less between them.
 */
export class ThreadGovernor {
  #threads: number;
  #isQuiet = false;
  /** Milliseconds per token with the present number, smoothed. */
  #present: number | undefined;
  #fastest = Infinity;
  #trial: number[] | undefined;
  #sinceTrial = 0;
  /** The duration of evaluations at the last trial without success. */
  #uselessAt = 0;
  #hasTried = false;
  #pause = FIRST_PAUSE_TOKENS;

  constructor(
    private readonly most: number,
    /**
     * The evaluations of a trial with the other number, and then with the present one. The fastest of each counts,
     * since the first may also warm up.
     */
    private readonly trialEvaluations = 3,
  ) {
    this.#threads = most;
  }

  /** The number of threads for the next evaluation. */
  get threads(): number {
    if (this.#isQuiet) return Math.ceil(this.most / 2);
    const triesOther = this.#trial !== undefined && Math.floor(this.#trial.length / this.trialEvaluations) % 2 === 0;
    return triesOther ? this.#other() : this.#threads;
  }

  /** Uses half the threads, even if more are faster. */
  set isQuiet(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  /** Records the duration of an evaluation per token. */
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

  /** Ends a trial, and chooses the other number if `otherMs`, its duration, is given. */
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
