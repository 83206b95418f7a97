import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

const TICKS_PER_SECOND = 100;

/** A process of the run, as Linux describes it. */
export interface RunProcess {
  readonly pid: number;
  readonly parent: number;
  readonly role: 'front' | 'engine' | 'other';
  readonly residentMebibytes: number;
  readonly descriptors: number;
  /** The processor time since its start. */
  readonly processorSeconds: number;
}

/** Returns the processes whose command line contains `folder`. Linux only. */
export function processesIn(folder: string): RunProcess[] {
  if (os.platform() !== 'linux') throw new Error(`The soak reads /proc, which ${os.platform()} does not have`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name), folder) ?? []);
}

function processOf(pid: number, folder: string): RunProcess | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (!command.includes(folder) || pid === process.pid) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      role: command.includes('/sidecar.mjs') ? 'front' : command.includes('/engine.mjs') ? 'engine' : 'other',
      residentMebibytes: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      processorSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  } catch {
    // The process ended meanwhile.
    return undefined;
  }
}
