import koffi from 'koffi';
import process from 'node:process';

/** From sys/prctl.h and signal.h. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * On Linux the kernel itself ends this process when its parent dies. A process that is stopped then runs no thread that
 * could hear of it. Elsewhere, and where the C library is another, the lifeline alone ends it.
 */
export function dieWithParent(): void {
  if (process.platform !== 'linux') return;
  try {
    const prctl = koffi.load('libc.so.6').func('prctl', 'int', ['int', 'ulong']) as unknown as (
      option: number,
      value: number,
    ) => number;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  } catch {
    // The lifeline stays.
  }
}
