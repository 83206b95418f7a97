import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { ActionHost } from './actionHost.ts';
import { runEdit } from './editAction.ts';
import { currentTarget, linesOf, toRange } from './editorTarget.ts';
import { withLeadingComment } from './target.ts';

export const DOCUMENT_COMMAND = 'chorus.document';

/** Writes documentation comments; one that stands above the declaration is part of what is rewritten. */
export async function documentCode(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  const { document } = target;
  const whole = target.origin === 'symbol' ? toRange(withLeadingComment(target.range, linesOf(document), document.languageId)) : target.range;
  await runEdit(host.session, { ...target, range: whole }, { task: 'docs', label: l10n.t('Document with Chorus') });
}
