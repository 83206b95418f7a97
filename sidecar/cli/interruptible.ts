import { InterruptedError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import { ProgressBar } from './progressBar.ts';

/**
 * Runs work that draws its progress and that Ctrl-C cancels. Rejects with `InterruptedError` after Ctrl-C, else with
 * the work's error.
 */
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
