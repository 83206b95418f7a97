/** Exit codes of the command line. `README.md` lists them. */
export const ExitCodes = {
  ok: 0,
  /** The model, the engine or the sidecar failed; one line says why. */
  failed: 1,
  /** The command was not written as it must be. */
  usage: 2,
  /** `status`: no sidecar is running. */
  notRunning: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** The command line asks for something that makes no sense: exit code 2. The message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The time limit ended a command before it had anything to print: exit code 1. The message says how to give it longer.
 */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/** Ctrl-C ended what was running: exit code 130, and nothing more is said. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
