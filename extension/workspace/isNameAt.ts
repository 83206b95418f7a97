import type * as vscode from 'vscode';
import type { WorkspaceDefinitionsParams } from '../../sidecar/protocol/client.ts';

/**
 * Whether a name still stands where it stood when the sidecar read the document, which the user may have edited since.
 */
export function isNameAt(
  document: Pick<vscode.TextDocument, 'lineCount' | 'lineAt'>,
  { line, character, name }: WorkspaceDefinitionsParams['places'][number],
): boolean {
  return line < document.lineCount && document.lineAt(line).text.startsWith(name, character);
}
