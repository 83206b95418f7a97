/** How much slower than lately a token has to be for another program to be suspected. */
const SUSPICIOUS_SLOWDOWN = 1.5;
/** How much faster the other number of threads has to be to be taken. */
const NEEDED_GAIN = 1.1;
/** A trial takes so many tokens with the other number, then as many with the present one; the fastest of each counts, since the first also warms up. */
const TRIAL_TOKENS = 3;
/** The other number has to be faster so many times: of two or three tokens one may be slow for any reason. */
const TRIAL_ROUNDS = 2;
const FIRST_PAUSE_TOKENS = 16;
const LONGEST_PAUSE_TOKENS = 512;
const FORGETTING = 0.8;
/** By how much the memory of the fastest token fades with each: a longer context makes tokens slower too. */
const FADING = 1.002;

/**
 * Chooses compute threads for tokens, one at a time, while other programs use the processor. ggml's threads wait for each other at every operation by spinning,
 * so one that the system has put aside holds up all: with busy cores, one thread less is much faster. What is faster is tried, when tokens become slow
 * and now and then, and not asked of the system, whose load says nothing of cores. Prompts have large operations between which little is waited: a thread
 * less would cost them its share.
 */
export class ThreadGovernor {
  #threads: number;
  #isQuiet = false;
  /** Milliseconds per token with the present number, smoothed. */
  #present: number | undefined;
  #fastest = Infinity;
  #trial: number[] | undefined;
  #sinceTrial = 0;
  #hasTried = false;
  #pause = FIRST_PAUSE_TOKENS;

  constructor(private readonly most: number) {
    this.#threads = most;
  }

  /** Threads for the next evaluation of one token. */
  get tokenThreads(): number {
    if (this.#isQuiet) return this.promptThreads;
    const triesOther = this.#trial !== undefined && Math.floor(this.#trial.length / TRIAL_TOKENS) % 2 === 0;
    return triesOther ? this.#other() : this.#threads;
  }

  /** Threads for the next evaluation of many. */
  get promptThreads(): number {
    return this.#isQuiet ? Math.ceil(this.most / 2) : this.most;
  }

  /** Uses half the threads, whatever is faster. */
  set isQuiet(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  /** Tells what an evaluation of one token took. */
  record(elapsedMs: number): void {
    if (this.most < 2 || this.#isQuiet) return;
    if (this.#trial) return this.#recordTrial(elapsedMs, this.#trial);
    this.#present = this.#present === undefined ? elapsedMs : this.#present * FORGETTING + elapsedMs * (1 - FORGETTING);
    this.#fastest = Math.min(this.#fastest * FADING, this.#present);
    this.#sinceTrial++;
    const isSlow = this.#threads < this.most || this.#present > this.#fastest * SUSPICIOUS_SLOWDOWN;
    // The first trial needs no suspicion: the machine may have been busy from the start.
    const pause = isSlow || !this.#hasTried ? this.#pause : LONGEST_PAUSE_TOKENS;
    if (this.#sinceTrial < pause) return;
    this.#hasTried = true;
    this.#trial = [];
  }

  #recordTrial(elapsedMs: number, times: number[]): void {
    times.push(elapsedMs);
    if (times.length % (2 * TRIAL_TOKENS) !== 0) return;
    const [other, present] = [times.slice(-2 * TRIAL_TOKENS, -TRIAL_TOKENS), times.slice(-TRIAL_TOKENS)].map((tokens) => Math.min(...tokens)) as [number, number];
    const isFaster = other * NEEDED_GAIN < present;
    if (isFaster && times.length < 2 * TRIAL_TOKENS * TRIAL_ROUNDS) return;
    this.#trial = undefined;
    this.#sinceTrial = 0;
    if (isFaster) {
      this.#threads = this.#other();
      this.#present = other;
      this.#pause = FIRST_PAUSE_TOKENS;
    } else this.#pause = Math.min(LONGEST_PAUSE_TOKENS, this.#pause * 2);
  }

  #other(): number {
    return this.#threads === this.most ? this.most - 1 : this.most;
  }
}
