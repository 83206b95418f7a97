import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ActionHost } from './actionHost.ts';
import { runEdit } from './editAction.ts';
import { currentTarget } from './editorTarget.ts';

export const REFACTOR_COMMAND = 'chorus.refactor';

/** Rewrites the target as the user instructs. */
export async function refactor(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  const instruction = await vscode.window.showInputBox({
    title: l10n.t('Refactor with Chorus'),
    prompt: l10n.t('What should change? Any language will do.'),
    placeHolder: l10n.t('For example: split it into two functions'),
  });
  if (!instruction?.trim()) return;
  await runEdit(host.session, target, {
    task: 'refactor',
    label: l10n.t('Refactor with Chorus'),
    instruction: instruction.trim(),
  });
}
