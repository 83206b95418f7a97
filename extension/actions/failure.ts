import * as vscode from 'vscode';
import { remediesForError, showFailure, type Remedy } from '../status/remedies.ts';

/**
 * Runs `work` with a progress notification that can be cancelled. Shows one message after a failure, with the buttons
 * that help (default: those for the error's code). Returns `undefined` after a failure or a cancellation.
 */
export async function withCancellableProgress<Result>(
  title: string,
  work: (token: vscode.CancellationToken, report: (message: string) => void) => Promise<Result>,
  remedies: (error: unknown) => readonly Remedy[] = remediesForError,
): Promise<Result | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      try {
        const result = await work(token, (message) => progress.report({ message }));
        return token.isCancellationRequested ? undefined : result;
      } catch (error) {
        if (!token.isCancellationRequested && !(error instanceof vscode.CancellationError))
          showFailure(error, title, remedies(error));
        return undefined;
      }
    },
  );
}
