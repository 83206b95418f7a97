import * as vscode from 'vscode';

/**
 * Returns the result of `work`. Rejects with `vscode.CancellationError` as soon as `token` is cancelled, while `work`
 * continues for other callers. Does not start `work` if the token is already cancelled.
 */
export async function unlessCancelled<Result>(
  work: () => Promise<Result>,
  token: vscode.CancellationToken | undefined,
): Promise<Result> {
  if (!token) return work();
  // A cancelled token would fire its event only later.
  if (token.isCancellationRequested) throw new vscode.CancellationError();
  let listener: vscode.Disposable | undefined;
  const cancelled = new Promise<never>((_, reject) => {
    listener = token.onCancellationRequested(() => reject(new vscode.CancellationError()));
  });
  try {
    return await Promise.race([work(), cancelled]);
  } finally {
    listener?.dispose();
  }
}
