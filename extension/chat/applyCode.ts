import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { SYNCED_SCHEMES } from '../documents/schemes.ts';
import { previewEdit } from '../edits/editPreview.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { locateCode } from './locateCode.ts';

/** Replaces the selections of the active editor with code from an answer. */
export async function insertAtCursor(code: string): Promise<void> {
  const editor = await activeEditor();
  if (!editor) return;
  await vscode.window.showTextDocument(editor.document, { viewColumn: editor.viewColumn, preserveFocus: false });
  const isDone = await editor.edit((edit) => {
    for (const selection of editor.selections) edit.replace(selection, code);
  });
  if (isDone) return;
  const path = vscode.workspace.asRelativePath(editor.document.uri);
  await vscode.window.showWarningMessage(
    l10n.t('{0}: VS Code did not apply the edit. Is the file read-only?', withoutLinks(path)),
  );
}

/**
 * Shows code from an answer as a change to the active file. It replaces the selection, else the declaration that it is
 * a new version of. Otherwise it is inserted at the cursor.
 */
export async function applyCode(code: string): Promise<void> {
  const editor = await activeEditor();
  if (!editor) return;
  const { document } = editor;
  const { range, newText } = placeFor(editor, code);
  await previewEdit({
    uri: document.uri,
    range,
    newText,
    title: l10n.t('{0}: change from the chat', vscode.workspace.asRelativePath(document.uri)),
    label: l10n.t('Apply with Chorus'),
  });
}

function placeFor(editor: vscode.TextEditor, code: string): { readonly range: vscode.Range; readonly newText: string } {
  const { document, selection } = editor;
  if (!selection.isEmpty) {
    const endsLine = selection.end.character === 0;
    return { range: selection, newText: endsLine && !code.endsWith('\n') ? `${code}\n` : code };
  }
  const span = locateCode(document.getText(), code);
  if (span) {
    const range = new vscode.Range(span.start, 0, span.end - 1, document.lineAt(span.end - 1).text.length);
    return { range, newText: indentLike(code, document.lineAt(span.start).text) };
  }
  const line = document.lineAt(selection.active.line);
  const at = line.isEmptyOrWhitespace ? line.range.start : line.range.end;
  return { range: new vscode.Range(at, at), newText: line.isEmptyOrWhitespace ? code : `\n${code}` };
}

/** Indents code that begins at the left margin like the line that it replaces. */
function indentLike(code: string, line: string): string {
  const indentation = /^\s*/.exec(line)?.[0] ?? '';
  if (indentation === '' || /^\s/.test(code)) return code;
  return code
    .split('\n')
    .map((each) => (each.trim() === '' ? each : indentation + each))
    .join('\n');
}

/** The output panel counts as an editor too, and may be the active editor. */
async function activeEditor(): Promise<vscode.TextEditor | undefined> {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  const editor = [activeTextEditor, ...visibleTextEditors].find(
    (candidate) => candidate && SYNCED_SCHEMES.includes(candidate.document.uri.scheme),
  );
  if (!editor) await vscode.window.showInformationMessage(l10n.t('First open the file that the code belongs to.'));
  return editor;
}
