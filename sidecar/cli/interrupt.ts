/** Ctrl-C: the first one cancels what runs, the next one ends the program. */
export interface Interrupt {
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * Turns the next Ctrl-C (or SIGTERM) into an abort of `signal`; a second one while that is under way behaves as always.
 */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const abort = (): void => {
    // Not at once: execa's own listener, which ends its child, ends this program too where it finds no other.
    setImmediate(dispose);
    controller.abort();
  };
  const dispose = (): void => {
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
  };
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  return { signal: controller.signal, dispose };
}
