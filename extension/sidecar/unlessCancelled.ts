import * as vscode from 'vscode';

/**
 * What `work` gives. Rejects with `vscode.CancellationError` as soon as `token` is cancelled, while `work` goes on for
 * others; work of a cancelled token does not begin.
 */
export async function unlessCancelled<Result>(
  work: () => Promise<Result>,
  token: vscode.CancellationToken | undefined,
): Promise<Result> {
  if (!token) return work();
  // A token that is cancelled tells of it later.
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
