import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { SYNCED_DOCUMENTS } from '../documents/schemes.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import type { ActionHost } from './actionHost.ts';
import { CODE_ACTION_KINDS, ChorusCodeActions } from './codeActions.ts';
import { COMMIT_MESSAGE_COMMAND, writeCommitMessage } from './commitMessage.ts';
import { DOCUMENT_COMMAND, documentCode } from './documentCode.ts';
import { EXPLAIN_COMMAND, explain } from './explain.ts';
import { FIX_COMMAND, fixProblem } from './fixProblem.ts';
import { REFACTOR_COMMAND, refactor } from './refactor.ts';
import { TRANSLATE_COMMAND, translate } from './translate.ts';
import { TESTS_COMMAND, writeTests } from './writeTests.ts';

type Action = (host: ActionHost, uri?: vscode.Uri, range?: vscode.Range) => Promise<void>;

const ACTIONS: readonly (readonly [command: string, action: Action])[] = [
  [EXPLAIN_COMMAND, explain],
  [FIX_COMMAND, fixProblem],
  [TESTS_COMMAND, writeTests],
  [DOCUMENT_COMMAND, documentCode],
  [REFACTOR_COMMAND, refactor],
  [TRANSLATE_COMMAND, translate],
];

/** Registers the palette commands, context menu entries and code actions. */
export function registerActions(
  context: vscode.ExtensionContext,
  session: SidecarSession,
  policy: DocumentPolicy,
): void {
  const host: ActionHost = { session, policy, memory: context.globalState };
  context.subscriptions.push(
    ...ACTIONS.map(([command, action]) =>
      vscode.commands.registerCommand(command, (uri, range) => action(host, ...placeOf(uri, range))),
    ),
    vscode.commands.registerCommand(COMMIT_MESSAGE_COMMAND, (sourceControl?: vscode.SourceControl) =>
      writeCommitMessage(host, sourceControl),
    ),
    vscode.languages.registerCodeActionsProvider([...SYNCED_DOCUMENTS], new ChorusCodeActions(), {
      providedCodeActionKinds: CODE_ACTION_KINDS,
    }),
  );
}

/**
 * Code actions pass a document and a range. A context menu passes a document and unrelated arguments, so the selection
 * counts.
 */
function placeOf(uri: unknown, range: unknown): [uri?: vscode.Uri, range?: vscode.Range] {
  return uri instanceof vscode.Uri && range instanceof vscode.Range ? [uri, range] : [];
}
