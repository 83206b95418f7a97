import * as vscode from 'vscode';

/** Shows a source of an answer, with the cursor at the beginning of `line` (zero-based). */
export async function openSource(uri: string, line: number): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.parse(uri, true), { selection: new vscode.Range(line, 0, line, 0) });
}
