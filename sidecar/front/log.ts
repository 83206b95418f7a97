import { constants, copyFileSync, fstatSync, ftruncateSync, rmSync } from 'node:fs';
import { MAX_LOG_BYTES } from '../client/launchLog.ts';

/**
 * Lines for whoever looks into a failure. Callers pass words of Chorus's own: never a document, a prompt, an answer or
 * a token.
 */
export interface Log {
  info(line: string): void;
  /** Writes what kind of error it was and where it was raised, not its message: that may quote the user's code. */
  error(what: string, error: unknown): void;
}

/**
 * A log on standard error, which the starter points at the log file; kept below `MAX_LOG_BYTES`, the part before kept
 * in `previousLogFile`.
 */
export function standardErrorLog(files?: { logFile: string; previousLogFile: string }): Log {
  const write = (line: string): void => {
    if (files) rotateStandardError(files);
    try {
      process.stderr.write(`${new Date().toISOString()} ${line}\n`);
    } catch {
      // A full disk takes no line, and is no reason to stop.
    }
  };
  process.stderr.on('error', () => undefined);
  return { info: write, error: (what, error) => write(`${what}: ${describeError(error)}`) };
}

/** Name, code and stack frames of an error and its causes. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = (error as NodeJS.ErrnoException).code;
  // A line of the message may look like a frame.
  const frames = (error.stack ?? '')
    .replace(error.message, '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8);
  const cause = error.cause === undefined ? '' : `\n  caused by ${describeError(error.cause)}`;
  return `${error.name}${code === undefined ? '' : ` (${code})`}${frames.length > 0 ? `\n${frames.join('\n')}` : ''}${cause}`;
}

function rotateStandardError(files: { logFile: string; previousLogFile: string }): void {
  try {
    const status = fstatSync(2);
    if (!status.isFile() || status.size < MAX_LOG_BYTES) return;
    // Whatever has the name goes: a link there would be written through.
    rmSync(files.previousLogFile, { force: true });
    copyFileSync(files.logFile, files.previousLogFile, constants.COPYFILE_EXCL);
    ftruncateSync(2, 0);
  } catch {
    // A log that cannot be rotated is no reason to stop.
  }
}
