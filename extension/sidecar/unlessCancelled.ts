import * as vscode from 'vscode';

/** What `work` gives. Rejects with `vscode.CancellationError` as soon as `token` is cancelled, while `work` goes on for others. */
export async function unlessCancelled<Result>(work: Promise<Result>, token: vscode.CancellationToken | undefined): Promise<Result> {
  if (!token) return work;
  let listener: vscode.Disposable | undefined;
  const cancelled = new Promise<never>((_, reject) => {
    listener = token.onCancellationRequested(() => reject(new vscode.CancellationError()));
  });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    listener?.dispose();
  }
}
