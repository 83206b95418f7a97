import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { ActionHost } from './actionHost.ts';
import { runEdit } from './editAction.ts';
import { currentTarget, withComment } from './editorTarget.ts';

export const DOCUMENT_COMMAND = 'chorus.document';

/** Writes a documentation comment. An existing comment above the declaration is rewritten with it. */
export async function documentCode(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  await runEdit(host.session, withComment(target), { task: 'docs', label: l10n.t('Document with Chorus') });
}
