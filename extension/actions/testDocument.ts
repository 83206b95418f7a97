import path from 'node:path';
import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { isTestFile, testFileName } from './testFile.ts';

/**
 * Returns the document for the tests of `tested`: the test file beside it, unsaved if it is not on disk. Returns an
 * untitled document if Chorus may not read that file, or if VS Code does not open it.
 */
export async function testDocument(
  tested: vscode.TextDocument,
  policy: Pick<DocumentPolicy, 'check'>,
): Promise<vscode.TextDocument> {
  const unnamed = async (): Promise<vscode.TextDocument> =>
    vscode.workspace.openTextDocument({ language: tested.languageId });
  const uri = await testUri(tested.uri, policy);
  // The model has already written the tests here, and they must not be lost.
  return uri ? vscode.workspace.openTextDocument(uri).then((document) => document, unnamed) : unnamed();
}

async function testUri(tested: vscode.Uri, policy: Pick<DocumentPolicy, 'check'>): Promise<vscode.Uri | undefined> {
  const fileName = path.posix.basename(tested.path);
  if (tested.scheme === 'untitled' || tested.scheme === 'vscode-notebook-cell') return undefined;
  const uri = isTestFile(fileName) ? tested : vscode.Uri.joinPath(tested, '..', testFileName(fileName));
  const exists = await vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
  if (!exists) return uri.with({ scheme: 'untitled' });
  return (await policy.check(uri)) === 'allowed' ? uri : undefined;
}
