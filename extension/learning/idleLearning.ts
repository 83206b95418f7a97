/** How a run of learning in the background ended. `ended`: this window ended it. */
export type BackgroundOutcome = 'learnt' | 'nothing-new' | 'other-process' | 'battery' | 'failed' | 'ended';

/** A run of learning in the background. */
export interface BackgroundWork {
  readonly outcome: Promise<BackgroundOutcome>;
  pause(): void;
  resume(): void;
  /** Ends it in order, with a checkpoint. */
  end(): void;
}

export interface IdleLearningOptions {
  /** Whether the user, the window and its settings allow it now. */
  readonly mayLearn: () => boolean;
  /** How long the window must be without input. */
  readonly idleMs: () => number;
  /** The time that is left for today. */
  readonly budget: { readonly leftMs: () => number; readonly spend: (ms: number) => void };
  readonly start: () => BackgroundWork;
  /** Whether a run can pause. Else input ends it. */
  readonly canPause: boolean;
  /** Whether the user is active in the window, without an event that tells so. */
  readonly isActive: () => boolean;
  readonly onDidChange: () => void;
}

/** `ending`: the process writes its checkpoint. */
export type IdleLearningPhase = 'waiting' | 'learning' | 'paused' | 'ending';

interface Run {
  readonly work: BackgroundWork;
  phase: Exclude<IdleLearningPhase, 'waiting'>;
  /** The begin of the phase, or of the time that was not yet spent. */
  sinceMs: number;
}

const MINUTE_MS = 60_000;
/** Time is spent at these intervals. */
const SPEND_MS = MINUTE_MS;
/** A paused process holds memory that the user may need. */
const LONGEST_PAUSE_MS = 10 * MINUTE_MS;
/** How soon it looks again whether a new day has begun. */
const NEW_DAY_POLL_MS = 10 * MINUTE_MS;
const SHORTEST_TIMER_MS = 100;
const RETRY_MS: Readonly<Record<BackgroundOutcome, number>> = {
  learnt: 60 * MINUTE_MS,
  'nothing-new': 60 * MINUTE_MS,
  failed: 60 * MINUTE_MS,
  'other-process': 10 * MINUTE_MS,
  battery: 10 * MINUTE_MS,
  ended: 0,
};

/**
 * Decides when a workspace is learnt by itself: when the window has had no input for a while, and within a daily
 * budget. Input pauses or ends it.
 */
export class IdleLearning {
  #lastInputMs = Date.now();
  #notBeforeMs = 0;
  #run: Run | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(private readonly options: IdleLearningOptions) {}

  get phase(): IdleLearningPhase {
    return this.#run?.phase ?? 'waiting';
  }

  /** Resolves when no run is left. */
  get settled(): Promise<unknown> {
    return this.#run?.work.outcome ?? Promise.resolve();
  }

  /** Notes that the user needs the machine. */
  input(): void {
    this.#lastInputMs = Date.now();
    const run = this.#run;
    if (run?.phase !== 'learning') return;
    this.#spend(run);
    if (this.options.canPause) {
      run.work.pause();
      this.#enter(run, 'paused');
    } else this.#end(run);
    this.#wait();
  }

  /** Looks again whether it may learn, and whether it is time to. */
  update(): void {
    if (this.#isDisposed) return;
    if (this.options.isActive()) this.input();
    const run = this.#run;
    if (run) this.#supervise(run);
    else if (this.#isTime()) this.#start();
    this.#wait();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    if (this.#run) this.#end(this.#run);
  }

  #supervise(run: Run): void {
    if (run.phase === 'ending') return;
    if (run.phase === 'learning') this.#spend(run);
    const { mayLearn, budget } = this.options;
    const isTooLong = run.phase === 'paused' && Date.now() - run.sinceMs >= LONGEST_PAUSE_MS;
    if (!mayLearn() || budget.leftMs() <= 0) this.#end(run);
    else if (run.phase === 'paused' && this.#isIdle) {
      run.work.resume();
      this.#enter(run, 'learning');
    } else if (isTooLong) this.#end(run);
  }

  #isTime(): boolean {
    const { mayLearn, budget } = this.options;
    return this.#isIdle && Date.now() >= this.#notBeforeMs && mayLearn() && budget.leftMs() > 0;
  }

  get #isIdle(): boolean {
    return Date.now() - this.#lastInputMs >= this.options.idleMs();
  }

  #start(): void {
    const work = this.options.start();
    const run: Run = { work, phase: 'learning', sinceMs: Date.now() };
    this.#run = run;
    this.options.onDidChange();
    const ended = (outcome: BackgroundOutcome): void => {
      if (run.phase === 'learning') this.#spend(run);
      this.#notBeforeMs = Date.now() + RETRY_MS[outcome];
      this.#run = undefined;
      this.options.onDidChange();
      this.update();
    };
    work.outcome.then(ended, () => ended('failed'));
  }

  #end(run: Run): void {
    if (run.phase === 'ending') return;
    run.work.end();
    this.#enter(run, 'ending');
  }

  #enter(run: Run, phase: Run['phase']): void {
    run.phase = phase;
    run.sinceMs = Date.now();
    this.options.onDidChange();
  }

  /** A machine that slept did not learn meanwhile. */
  #spend(run: Run): void {
    const nowMs = Date.now();
    this.options.budget.spend(Math.min(nowMs - run.sinceMs, 2 * SPEND_MS));
    run.sinceMs = nowMs;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const delayMs = this.#delayMs();
    if (delayMs === undefined || this.#isDisposed) return;
    this.#timer = setTimeout(() => this.update(), Math.max(SHORTEST_TIMER_MS, delayMs));
  }

  /** The time until something may change without an event, or `undefined` if nothing may. */
  #delayMs(): number | undefined {
    const { mayLearn, budget, idleMs } = this.options;
    const untilIdleMs = this.#lastInputMs + idleMs() - Date.now();
    const run = this.#run;
    if (run?.phase === 'learning') return Math.min(SPEND_MS, budget.leftMs());
    if (run?.phase === 'paused') return Math.min(untilIdleMs, run.sinceMs + LONGEST_PAUSE_MS - Date.now());
    if (run || !mayLearn()) return undefined;
    const untilStartMs = Math.max(untilIdleMs, this.#notBeforeMs - Date.now());
    return budget.leftMs() > 0 ? untilStartMs : Math.max(untilStartMs, NEW_DAY_POLL_MS);
  }
}
