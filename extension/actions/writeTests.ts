import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { previewEdit } from '../edits/editPreview.ts';
import { showFailure, UnusableAnswerError } from '../status/remedies.ts';
import type { ActionHost } from './actionHost.ts';
import { askForText } from './editAction.ts';
import { currentTarget } from './editorTarget.ts';
import { testDocument } from './testDocument.ts';

export const TESTS_COMMAND = 'chorus.writeTests';

/**
 * Writes tests for the target: at the end of the existing test file beside its file, or into a new unsaved file. Shows
 * a preview that the user accepts or rejects. Chorus does not save the file.
 */
export async function writeTests(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  const label = l10n.t('Write tests with Chorus');
  const tests = await askForText(host.session, target, { task: 'tests', label });
  if (tests === undefined) return;
  if (tests.trim() === '') {
    showFailure(new UnusableAnswerError(l10n.t('{0}: the model wrote nothing.', label)));
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
