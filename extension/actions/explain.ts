import type * as vscode from 'vscode';
import type { ActionHost } from './actionHost.ts';
import { askInChat } from './askInChat.ts';
import { currentTarget } from './editorTarget.ts';

export const EXPLAIN_COMMAND = 'chorus.explain';

/** Explains the selection, or the declaration at the cursor, in the chat panel. */
export async function explain(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (target) await askInChat('explain', target);
}
