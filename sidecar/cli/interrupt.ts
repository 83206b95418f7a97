/** Ctrl-C: the first one cancels the running work, the next one ends the program. */
export interface Interrupt {
  readonly signal: AbortSignal;
  dispose(): void;
}

/** Turns the next Ctrl-C (or SIGTERM) into an abort of `signal`. A second one then has its usual effect. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const abort = (): void => {
    // Deferred: if execa's listener, which ends its child, finds no other listener, it ends this program too.
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
