import * as vscode from 'vscode';

/** Shows a place that an answer drew on, with the cursor at the beginning of the line, which is counted from zero. */
export async function openSource(uri: string, line: number): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.parse(uri, true), { selection: new vscode.Range(line, 0, line, 0) });
}
