import { constants, copyFileSync, fstatSync, ftruncateSync, rmSync } from 'node:fs';
import { MAX_LOG_BYTES } from '../client/launchLog.ts';

/**
 * The log for diagnosing failures. Callers pass fixed texts only: never a document, a prompt, a model's answer or a
 * security token.
 */
export interface Log {
  info(line: string): void;
  /** Writes the kind of an error and where it was raised. Omits its message, which may quote the user's code. */
  error(what: string, error: unknown): void;
}

/**
 * Returns a log on standard error, which the starting process redirects to the log file. The file stays below
 * `MAX_LOG_BYTES`; older lines move to `previousLogFile`.
 */
export function standardErrorLog(files?: { logFile: string; previousLogFile: string }): Log {
  const write = (line: string): void => {
    if (files) rotateStandardError(files);
    try {
      process.stderr.write(`${new Date().toISOString()} ${line}\n`);
    } catch {
      // A full disk takes no line, but it is no reason to stop.
    }
  };
  process.stderr.on('error', () => undefined);
  return { info: write, error: (what, error) => write(`${what}: ${describeError(error)}`) };
}

/** Returns name, code and stack frames of an error and its causes. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = (error as NodeJS.ErrnoException).code;
  // The message is removed first: one of its lines may look like a stack frame.
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
    // Removes any file with this name first. A link there would redirect the copy.
    rmSync(files.previousLogFile, { force: true });
    copyFileSync(files.logFile, files.previousLogFile, constants.COPYFILE_EXCL);
    ftruncateSync(2, 0);
  } catch {
    // A log that cannot be rotated is no reason to stop.
  }
}
