import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { previewEdit } from '../edits/editPreview.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { ActionHost } from './actionHost.ts';
import { askForText } from './editAction.ts';
import { currentTarget } from './editorTarget.ts';
import { isTestFile, testFileName } from './testFile.ts';

export const TESTS_COMMAND = 'chorus.writeTests';

/**
 * Writes tests for the target into the test file beside its file: at the end of one that exists, else into an unsaved new one. Shown for the user
 * to accept or reject; saving is the user's.
 */
export async function writeTests(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  const label = l10n.t('Write tests with Chorus');
  const tests = await askForText(host.session, target, { task: 'tests', label });
  if (tests === undefined) return;
  if (tests.trim() === '') {
    await vscode.window.showInformationMessage(l10n.t('{0}: the model wrote nothing.', label));
    return;
  }
  const file = await testDocument(target.document, host.policy);
  const end = file.lineAt(file.lineCount - 1).range.end;
  const existing = file.getText();
  const gap = existing === '' ? '' : existing.endsWith('\n') ? '\n' : '\n\n';
  await previewEdit({
    uri: file.uri,
    range: new vscode.Range(end, end),
    newText: `${gap}${tests.trimEnd()}\n`,
    title: l10n.t('{0}: {1}', label, path.posix.basename(file.uri.path)),
    label,
  });
}

/** The document that takes the tests. One that is not on disk is opened unsaved under that name. */
async function testDocument(tested: vscode.TextDocument, policy: Pick<DocumentPolicy, 'check'>): Promise<vscode.TextDocument> {
  const { uri, languageId } = tested;
  const folder = vscode.Uri.joinPath(uri, '..');
  const fileName = path.posix.basename(uri.path);
  if (uri.scheme === 'untitled' || uri.scheme === 'vscode-notebook-cell') return vscode.workspace.openTextDocument({ language: languageId });
  const neighbour = isTestFile(fileName) ? uri : vscode.Uri.joinPath(folder, testFileName(fileName));
  const exists = await vscode.workspace.fs.stat(neighbour).then(() => true, () => false);
  if (exists && (await policy.check(neighbour)) === 'allowed') return vscode.workspace.openTextDocument(neighbour);
  return vscode.workspace.openTextDocument(neighbour.with({ scheme: 'untitled' }));
}
