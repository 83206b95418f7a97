import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { counted } from '../../l10n/currentLanguage.ts';
import { EDIT_REQUEST, type ChatChunk, type ChatCommand, type EditParams } from '../../sidecar/protocol/client.ts';
import { previewEdit } from '../edits/editPreview.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { surroundings, type EditorTarget } from './editorTarget.ts';
import { withCancellableProgress } from './failure.ts';
import { relocate } from './relocate.ts';

/**
 * The maximum number of UTF-16 units on either side of a target. The sidecar's front, which all windows share, takes a
 * second for a million units and answers no other request meanwhile.
 */
const MAX_GRAMMAR_UNITS = 500_000;

export interface EditTask {
  readonly task: ChatCommand;
  /** The name of the edit in progress, messages and the undo history, for example "Fix with Chorus". */
  readonly label: string;
  readonly instruction?: string;
  readonly diagnostics?: readonly string[];
  /** A BCP 47 tag, for 'translate'. */
  readonly language?: string;
}

/**
 * Asks the model for new text in place of the target and shows it as a preview. No document changes before the user
 * accepts.
 */
export async function runEdit(session: SidecarSession, target: EditorTarget, task: EditTask): Promise<void> {
  const { document, range } = target;
  const oldText = document.getText(range);
  const oldOffset = document.offsetAt(range.start);
  const newText = await askForText(session, target, task);
  if (newText === undefined) return;
  if (newText.trim() === '' || newText === oldText) {
    await vscode.window.showInformationMessage(l10n.t('{0}: the model suggests no change.', task.label));
    return;
  }
  const offset = document.isClosed ? undefined : relocate(oldText, oldOffset, document.getText());
  if (offset === undefined) return offerAgain(session, target, task);
  await previewEdit({
    uri: document.uri,
    range: new vscode.Range(document.positionAt(offset), document.positionAt(offset + oldText.length)),
    newText,
    title: l10n.t('{0}: {1}', task.label, path.posix.basename(document.uri.path)),
    label: task.label,
  });
}

/**
 * Returns the model's text for a target, or `undefined` after a failure or a cancellation. The user was told about a
 * failure.
 */
export async function askForText(
  session: SidecarSession,
  target: EditorTarget,
  task: EditTask,
): Promise<string | undefined> {
  const { task: command, label, instruction, diagnostics, language } = task;
  return withCancellableProgress(label, async (token, report) => {
    const params: EditParams = {
      ...(command === 'translate' ? wholeSurroundings(target) : surroundings(target)),
      task: command,
      languageId: target.document.languageId,
      fileName: path.posix.basename(target.document.uri.path),
      instruction,
      diagnostics,
      language,
    };
    let lines = 0;
    const countLines = ({ text }: ChatChunk): void => {
      const added = text.split('\n').length - 1;
      if (added === 0) return;
      lines += added;
      report(counted(l10n.t('one: {0} line | other: {0} lines'), lines));
    };
    const result = await session.requestStreaming(EDIT_REQUEST, params, countLines, token);
    if (result.stopReason === 'length') {
      throw new Error(l10n.t('the code is too long to rewrite at once. Select a smaller part.'));
    }
    return result.newText;
  });
}

/**
 * Returns the target with the text around it that telling comments and strings from code requires. The scan must start
 * at the document's beginning, since a start within a comment would swap comments and code. It may also need the text
 * after the target, up to the end of a string that the target begins. Throws if the text before the target is too long.
 */
function wholeSurroundings(target: EditorTarget): ReturnType<typeof surroundings> {
  if (target.document.offsetAt(target.range.start) > MAX_GRAMMAR_UNITS)
    throw new Error(l10n.t('The document is too large.'));
  return surroundings(target, MAX_GRAMMAR_UNITS);
}

async function offerAgain(session: SidecarSession, target: EditorTarget, task: EditTask): Promise<void> {
  const again = l10n.t('Try Again');
  const { document } = target;
  const choices = document.isClosed ? [] : [again];
  const message = l10n.t(
    '{0}: the code changed while the model was writing, so the answer no longer fits.',
    task.label,
  );
  if ((await vscode.window.showWarningMessage(message, ...choices)) !== again || document.isClosed) return;
  await runEdit(session, { ...target, range: document.validateRange(target.range) }, task);
}
