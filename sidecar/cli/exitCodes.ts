/** Exit codes of the command line. `docs/command-line.md` lists them. */
export const ExitCodes = {
  ok: 0,
  /** The model, the engine or the sidecar failed. A line of output says why. */
  failed: 1,
  /** The command line is invalid. */
  usage: 2,
  /** `status`: no sidecar is running. */
  notRunning: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** The command line is invalid: exit code 2. The message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The time limit ended a command before it had any output: exit code 1. The message says how to raise the limit. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/** Ctrl-C ended the command: exit code 130, and no message is printed. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
