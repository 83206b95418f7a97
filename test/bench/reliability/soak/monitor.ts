import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessLife } from '../outcomes.ts';
import { processesIn, type RunProcess } from './processes.ts';
import type { SoakRecord } from './record.ts';

const SAMPLE_MS = 5_000;
const SAMPLES_PER_MINUTE = 60_000 / SAMPLE_MS;
/** The time for which a process may outlive its parent. */
const ORPHAN_LIMIT_MS = 2_000;

interface Life extends ProcessLife {
  readonly residentMebibytes: number[];
}

/** Checks the processes of a run every few seconds. */
export class Monitor {
  readonly fronts: Life[] = [];
  readonly engines: Life[] = [];
  readonly descriptors = { front: [] as number[], engine: [] as number[] };
  #frontPid = 0;
  #enginePid = 0;
  #samples = 0;
  readonly #processorSeconds = new Map<number, number>();

  constructor(
    private readonly folder: string,
    private readonly record: SoakRecord,
  ) {}

  /** The current processes of the run, of any kind. */
  get processes(): readonly RunProcess[] {
    return processesIn(this.folder);
  }

  /** The processor time of all processes of the run and of this one, since the run began. */
  get processorSeconds(): number {
    const { user, system } = process.cpuUsage();
    return [...this.#processorSeconds.values()].reduce((sum, seconds) => sum + seconds, (user + system) / 1e6);
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#sample();
      await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #sample(): Promise<void> {
    const found = this.processes;
    for (const { pid, processorSeconds } of found) this.#processorSeconds.set(pid, processorSeconds);
    const fronts = found.filter(({ role }) => role === 'front');
    const engines = found.filter(({ role }) => role === 'engine');
    if (fronts.length > 1 && !this.record.isDisturbed) this.record.twoFronts++;
    const lost = lostOf(found);
    if (lost.length > 0) await this.#countOrphans(lost);
    const isMinute = this.#samples++ % SAMPLES_PER_MINUTE === 0;
    this.#frontPid = this.#follow(fronts.at(-1), {
      lives: this.fronts,
      before: this.#frontPid,
      isMinute,
      descriptors: this.descriptors.front,
    });
    this.#enginePid = this.#follow(engines.at(-1), {
      lives: this.engines,
      before: this.#enginePid,
      isMinute,
      descriptors: this.descriptors.engine,
    });
  }

  #follow(
    process: RunProcess | undefined,
    {
      lives,
      before,
      isMinute,
      descriptors,
    }: { lives: Life[]; before: number; isMinute: boolean; descriptors: number[] },
  ): number {
    if (!process) return before;
    if (process.pid !== before) {
      if (before !== 0 && !this.record.isDisturbed) this.record.unexpectedRestarts++;
      lives.push({ startMinute: rounded(this.record.minute), residentMebibytes: [] });
    }
    if (isMinute) {
      lives.at(-1)?.residentMebibytes.push(rounded(process.residentMebibytes));
      descriptors.push(process.descriptors);
    }
    return process.pid;
  }

  async #countOrphans(lost: readonly RunProcess[]): Promise<void> {
    await sleep(ORPHAN_LIMIT_MS);
    const left = new Set(lostOf(this.processes).map(({ pid }) => pid));
    const orphans = lost.filter(({ pid }) => left.has(pid));
    this.record.orphans += orphans.length;
    // Each orphan is counted once.
    for (const { pid, role } of orphans) {
      console.error(`minute ${this.record.minute.toFixed(1)}: the process ${pid} (${role}) has lost its parent`);
      process.kill(pid, 'SIGKILL');
    }
  }
}

/** The processes whose parents are gone, except fronts, whose parents always leave. */
function lostOf(processes: readonly RunProcess[]): RunProcess[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  return processes.filter(({ role, parent }) => role !== 'front' && !pids.has(parent));
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
