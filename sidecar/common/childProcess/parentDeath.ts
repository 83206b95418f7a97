import koffi from 'koffi';
import process from 'node:process';

/** From sys/prctl.h and signal.h. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * Makes the kernel end this process when its parent dies, on Linux. The lifeline's thread can't do that while the
 * process is stopped. Without Linux and glibc the lifeline works alone.
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
    // The lifeline still works.
  }
}
