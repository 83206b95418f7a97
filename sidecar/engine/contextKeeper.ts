import { aborted } from '../common/aborted.ts';
import { openChunk, sealChunk } from '../keptContexts/chunkFile.ts';
import { CHUNK_TOKENS, chunkNames } from '../keptContexts/chunkNames.ts';
import { ContextStore } from '../keptContexts/contextStore.ts';
import { removeContextSets } from '../keptContexts/contextSets.ts';
import type { ContextSet, ForgetContextsParams, Priority, TokenId } from '../protocol/engine.ts';
import type { BackendSequence, SequenceRows } from '../models/backend.ts';
import type { Ticket, Turns } from './turns.ts';

/** A context is written when no request has used it for so long. Until then typing may change it. */
const IDLE_MS = 20_000;
/** The evaluation of fewer tokens takes no noticeable time. */
const MIN_TOKENS = 2 * CHUNK_TOKENS;
/** The most bytes of rows in memory that were read from a sequence for a waiting request and are not written yet. */
const MAX_UNWRITTEN_BYTES = 64 * 2 ** 20;
/** The longest wait of a request until the rows of its sequence are read. A disk may be slow, or never answer. */
const LET_GO_MS = 2_000;

export interface ContextKeeperOptions {
  readonly turns: Turns;
  readonly log: (line: string) => void;
  readonly idleMs?: number;
}

/** A running request and the set for its context. */
export interface Visit {
  readonly set: ContextSet | undefined;
  /** Whether the set was removed meanwhile. */
  isForgotten: boolean;
}

interface Waiting {
  readonly set: ContextSet;
  readonly timer: NodeJS.Timeout;
}

/** A context that is being written. */
interface Job {
  readonly sequence: BackendSequence;
  readonly set: ContextSet;
  readonly abort: AbortController;
  /** The highest priority of the requests that wait for it. */
  priority: Priority;
  /** Present while it waits for a turn. */
  ticket: Ticket | undefined;
  /** Resolves when its last row is read from the sequence. */
  isRead: Promise<void>;
  /** Resolves when its last chunk is written. */
  done: Promise<void>;
}

/**
 * Keeps evaluated contexts on disk, chunk by chunk, and restores them. Writing waits until a sequence is idle, and
 * takes turns that no request wants. A chunk is read from the device in one turn and written between turns. A failure
 * affects the disk alone: the context is then evaluated again.
 */
export class ContextKeeper {
  readonly #store: ContextStore;
  readonly #visits = new Set<Visit>();
  readonly #waiting = new Map<BackendSequence, Waiting>();
  /** The contexts to write, one after another. */
  readonly #jobs = new Set<Job>();
  #isStopped = false;

  constructor(private readonly options: ContextKeeperOptions) {
    this.#store = new ContextStore(options.log);
  }

  /** Notes that a request begins. */
  begin(set: ContextSet | undefined): Visit {
    const visit = { set, isForgotten: false };
    this.#visits.add(visit);
    return visit;
  }

  /** Notes that a request uses a sequence. A write that waited for the sequence to be idle is dropped. */
  use(sequence: BackendSequence): void {
    clearTimeout(this.#waiting.get(sequence)?.timer);
    this.#waiting.delete(sequence);
  }

  /** Notes that a request has left a sequence. Its rows are written when the sequence has been idle for a while. */
  leave(sequence: BackendSequence, { set, isForgotten }: Visit): void {
    if (!set || isForgotten || this.#isStopped || (sequence.rows?.tokens.length ?? 0) < MIN_TOKENS) return;
    const timer = setTimeout(() => this.keep(sequence), this.options.idleMs ?? IDLE_MS);
    timer.unref();
    this.#waiting.set(sequence, { set, timer });
  }

  /** Notes that a request has ended. */
  end(visit: Visit): void {
    this.#visits.delete(visit);
  }

  /**
   * Reads from disk the chunks of `tokens` that follow the rows of a sequence, and appends them. The last tokens are
   * left out, since an answer needs their evaluation. `turn` runs a step when it is the request's turn. Resolves with
   * the number of restored tokens.
   */
  async restore(
    sequence: BackendSequence,
    set: ContextSet | undefined,
    tokens: readonly TokenId[],
    turn: <T>(step: () => Promise<T>) => Promise<T>,
  ): Promise<number> {
    const { rows } = sequence;
    if (!set || !rows) return 0;
    const end = Math.floor(Math.min(tokens.length, rows.capacity) / CHUNK_TOKENS);
    const first = Math.floor(sequence.length / CHUNK_TOKENS);
    const limit = tokens.length - rows.evaluatedTokens;
    if (end * CHUNK_TOKENS < MIN_TOKENS || Math.min(end * CHUNK_TOKENS, limit) <= sequence.length) return 0;
    const names = chunkNames(rows.key, tokens.slice(0, end * CHUNK_TOKENS));
    let index = first;
    for (; index < end; index++) {
      const chunk = await this.#store.read(set, names[index] as string, rows.rowBytes * CHUNK_TOKENS);
      if (!chunk) break;
      const start = index * CHUNK_TOKENS;
      await turn(async () => {
        await sequence.truncate(start);
        rows.append(tokens.slice(start, start + CHUNK_TOKENS), chunk);
      });
    }
    if (index === first) return 0;
    if (sequence.length > limit) await turn(() => sequence.truncate(limit));
    await this.#store.touch(set, names.slice(0, index));
    return sequence.length - first * CHUNK_TOKENS;
  }

  /** Writes the waiting context of a sequence now. */
  keep(sequence: BackendSequence): void {
    const waiting = this.#waiting.get(sequence);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(sequence);
    const { rows } = sequence;
    if (!rows) return;
    const tokens = rows.tokens.slice();
    const before = [...this.#jobs].at(-1)?.done;
    let setRead = (): void => undefined;
    const isRead = new Promise<void>((resolve) => (setRead = resolve));
    const job: Job = {
      sequence,
      set: waiting.set,
      abort: new AbortController(),
      priority: 'background',
      ticket: undefined,
      isRead,
      done: Promise.resolve(),
    };
    this.#jobs.add(job);
    job.done = this.#run(job, { rows, tokens, before, setRead });
  }

  /**
   * Reads the waiting context of a sequence, before a request takes the sequence for another name. Resolves when it is
   * read, when the signal aborts or after `LET_GO_MS`. Rows that are not read by then are not kept.
   */
  async letGo(sequence: BackendSequence, priority: Priority, signal: AbortSignal): Promise<void> {
    this.keep(sequence);
    const jobs = [...this.#jobs];
    const last = jobs.findLast((job) => job.sequence === sequence);
    if (!last) return;
    for (const job of jobs.slice(0, jobs.indexOf(last) + 1)) this.#raise(job, priority);
    await Promise.race([last.isRead, aborted(AbortSignal.any([signal, AbortSignal.timeout(LET_GO_MS)]))]);
  }

  /** Writes all waiting contexts before other requests continue. Resolves when they are on disk. */
  async keepAll(): Promise<void> {
    for (const sequence of [...this.#waiting.keys()]) this.keep(sequence);
    for (const job of this.#jobs) this.#raise(job, 'completion');
    await Promise.all([...this.#jobs].map(({ done }) => done));
  }

  /** Removes a set, or all sets. Contexts of running requests are not kept in it. */
  async forget({ folder, name }: ForgetContextsParams): Promise<void> {
    const isMeant = (set: ContextSet | undefined): boolean =>
      set?.folder === folder && (name === undefined || set.name === name);
    for (const visit of this.#visits) if (isMeant(visit.set)) visit.isForgotten = true;
    for (const [sequence, { set, timer }] of this.#waiting) {
      if (!isMeant(set)) continue;
      clearTimeout(timer);
      this.#waiting.delete(sequence);
    }
    const jobs = [...this.#jobs].filter(({ set }) => isMeant(set));
    for (const { abort } of jobs) abort.abort();
    await Promise.all(jobs.map(({ done }) => done));
    await removeContextSets(folder, name);
  }

  /** Stops writing. Contexts that are not written yet are lost. */
  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#isStopped = true;
    for (const { abort } of this.#jobs) abort.abort();
  }

  async #run(
    job: Job,
    {
      rows,
      tokens,
      before,
      setRead,
    }: {
      readonly rows: SequenceRows;
      readonly tokens: readonly TokenId[];
      readonly before: Promise<void> | undefined;
      readonly setRead: () => void;
    },
  ): Promise<void> {
    const { signal } = job.abort;
    try {
      await Promise.race([before, aborted(signal)]);
      if (!signal.aborted) await this.#write(job, rows, tokens, setRead);
    } catch (error) {
      if (!signal.aborted)
        this.options.log(`A context could not be kept: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      setRead();
      this.#jobs.delete(job);
    }
  }

  async #write(job: Job, rows: SequenceRows, tokens: readonly TokenId[], setRead: () => void): Promise<void> {
    const { signal } = job.abort;
    const names = chunkNames(rows.key, tokens);
    const rowsBytes = rows.rowBytes * CHUNK_TOKENS;
    const missing = await this.#store.prepare(job.set, names, rowsBytes);
    if (missing.length === 0) return;
    const writing: Promise<boolean>[] = [];
    try {
      for (const index of missing) {
        const start = index * CHUNK_TOKENS;
        const chunk = openChunk(names[index] as string, rowsBytes);
        const isRead = await this.#inTurn(job, () => {
          if (signal.aborted || !rows.holds(tokens, start + CHUNK_TOKENS)) return false;
          rows.read(start, chunk.rows);
          return true;
        });
        if (!isRead) return;
        const write = (writing.at(-1) ?? Promise.resolve(true)).then(
          async (isGoingOn) =>
            isGoingOn &&
            !signal.aborted &&
            (await this.#store.write(job.set, names[index] as string, await sealChunk(chunk))),
        );
        writing.push(write);
        // A rejection is handled later, where this write is awaited.
        write.catch(() => undefined);
        // A request that waits for the sequence does not wait for the disk.
        const mayBeUnwritten = job.priority === 'background' ? 0 : Math.floor(MAX_UNWRITTEN_BYTES / rowsBytes);
        if ((await writing.at(-1 - mayBeUnwritten)) === false) return;
      }
      setRead();
      if (await writing.at(-1)) await this.#store.touch(job.set, names);
    } finally {
      await Promise.allSettled(writing);
    }
  }

  /** Runs a step in a turn of its own. Between turns no request waits for the writing. */
  async #inTurn(job: Job, step: () => boolean): Promise<boolean> {
    const { turns } = this.options;
    job.ticket = turns.enter(job.priority);
    try {
      return await turns.run(job.ticket, job.abort.signal, async () => step());
    } finally {
      turns.leave(job.ticket);
      job.ticket = undefined;
    }
  }

  #raise(job: Job, priority: Priority): void {
    if (job.priority === 'background' || priority === 'completion') job.priority = priority;
    if (job.ticket) this.options.turns.raise(job.ticket, priority);
  }
}
