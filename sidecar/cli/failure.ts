import { ResponseError } from 'vscode-jsonrpc/node';
import { SidecarError } from '../common/sidecarError.ts';
import { TroubleError } from '../common/troubleError.ts';
import { TROUBLE_ERROR_CODE, type Trouble } from '../protocol/client.ts';
import { ExitCodes, InterruptedError, OutOfTimeError, UsageError } from './exitCodes.ts';
import { printJson } from './output.ts';
import { writeForeignText } from './terminal.ts';

/** A failure as the command line prints it: `{"error": {…}}` with --json, else one line. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly exitCode: number;
}

/** Returns the message and exit code for any error. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof InterruptedError)
    return { code: 'interrupted', message: 'Interrupted.', exitCode: ExitCodes.interrupted };
  if (error instanceof UsageError) return { code: 'usage', message: error.message, exitCode: ExitCodes.usage };
  if (error instanceof OutOfTimeError) return failed('out-of-time', error.message);
  if (error instanceof TroubleError || error instanceof SidecarError)
    return failed(error.code, error.message, error.detail);
  if (error instanceof ResponseError) {
    const trouble = error.code === TROUBLE_ERROR_CODE ? (error.data as Trouble | undefined) : undefined;
    return trouble ? failed(trouble.code, trouble.message, trouble.detail) : failed('request-failed', error.message);
  }
  return failed('failed', error instanceof Error ? error.message : String(error));
}

function failed(code: string, message: string, detail?: string): Failure {
  return { code, message, ...(detail ? { detail } : {}), exitCode: ExitCodes.failed };
}

/**
 * Writes a failure. With `json` it is an object on standard output, else a line on standard error, with the last lines
 * of a crashed process.
 */
export function reportFailure(failure: Failure, json: boolean): void {
  const { code, message, detail } = failure;
  if (json) {
    printJson({ error: { code, message, detail } });
  } else if (failure.exitCode !== ExitCodes.interrupted) {
    writeForeignText(
      process.stderr,
      `chorus: ${message.replaceAll('\n', ' ')}\n${detail ? `${detail.trimEnd()}\n` : ''}`,
    );
  }
}
