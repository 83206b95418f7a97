import * as vscode from 'vscode';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';

/**
 * Runs `work` with a progress notification that can be cancelled. Shows one message after a failure. Returns
 * `undefined` after a failure or a cancellation.
 */
export async function withCancellableProgress<Result>(
  title: string,
  work: (token: vscode.CancellationToken, report: (message: string) => void) => Promise<Result>,
): Promise<Result | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      try {
        const result = await work(token, (message) => progress.report({ message }));
        return token.isCancellationRequested ? undefined : result;
      } catch (error) {
        if (!token.isCancellationRequested && !(error instanceof vscode.CancellationError)) showFailure(title, error);
        return undefined;
      }
    },
  );
}

/** Does not wait for the user to close the message. */
function showFailure(title: string, error: unknown): void {
  showWithoutWaiting(vscode.window.showErrorMessage(`${title}: ${localisedMessage(error)}`));
}
