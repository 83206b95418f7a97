import { readFile } from 'node:fs/promises';

/** States of a process that waits for the machine: for a processor, or for a disk. */
const WAITS_FOR_MACHINE = ['R', 'D'];

/**
 * Tells whether a process makes progress: it took processor time since the last look, or it would if the machine were
 * not busy. A process that is stopped, or waits for what never comes, makes none. Only Linux can tell. Elsewhere every
 * look counts as progress.
 */
export class ProcessProgress {
  #processorTime: string | undefined;

  constructor(private readonly pid: number | undefined) {}

  /** Returns whether the process has made progress since the last call. */
  async isMade(): Promise<boolean> {
    if (process.platform !== 'linux' || this.pid === undefined) return true;
    const status = await readFile(`/proc/${this.pid}/stat`, 'utf8').catch(() => undefined);
    if (status === undefined) return false;
    // The program's name is in parentheses and may contain any character.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    // Fields 14 and 15 of `man proc_pid_stat`: time in user mode and in the kernel. `fields` begins with field 3.
    const processorTime = `${fields[11]} ${fields[12]}`;
    const hasComputed = processorTime !== this.#processorTime;
    this.#processorTime = processorTime;
    return hasComputed || WAITS_FOR_MACHINE.includes(state);
  }
}
