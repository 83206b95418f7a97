import { InterruptedError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import { ProgressBar } from './progressBar.ts';

/** Runs work that draws how far it is and that Ctrl-C ends. Throws `InterruptedError` then, else what `work` throws. */
export async function interruptible<Result>(
  work: (signal: AbortSignal, bar: ProgressBar) => Promise<Result>,
): Promise<Result> {
  const interrupt = onInterrupt();
  const bar = new ProgressBar();
  try {
    return await work(interrupt.signal, bar);
  } catch (error) {
    if (interrupt.signal.aborted) throw new InterruptedError('Interrupted', { cause: error });
    throw error;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}
