import * as vscode from 'vscode';

/** Reads a file as UTF-8. `undefined`: it is larger than `maxBytes`, no text (it holds a zero byte), or can't be read. */
export async function readTextFile(uri: vscode.Uri, maxBytes: number): Promise<string | undefined> {
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > maxBytes) return undefined;
    const bytes = await vscode.workspace.fs.readFile(uri);
    return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}
