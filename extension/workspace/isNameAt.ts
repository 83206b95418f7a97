import type * as vscode from 'vscode';
import type { WorkspaceDefinitionsParams } from '../../sidecar/protocol/client.ts';

/**
 * Returns whether a name is still at the place where the sidecar read it. The user may have edited the document since.
 */
export function isNameAt(
  document: Pick<vscode.TextDocument, 'lineCount' | 'lineAt'>,
  { line, character, name }: WorkspaceDefinitionsParams['places'][number],
): boolean {
  return line < document.lineCount && document.lineAt(line).text.startsWith(name, character);
}
