import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CONTEXT_REQUEST, type ContextResult } from '../../sidecar/protocol/client.ts';
import type { LearningState } from '../learning/learningState.ts';
import { switchSettingOff } from '../settingTarget.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showFailure } from '../status/remedies.ts';
import { contextItems, contextTitle, learningItems, type PlaceItem, whyItems } from './contextView.ts';

/** Registers "Show Context" and "Why This Completion?", for the document in the active editor. */
export function registerContextView(
  context: vscode.ExtensionContext,
  session: SidecarSession,
  learning: Pick<LearningState, 'lines'>,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.context.show', () =>
      show(session, (result) => ({
        title: contextTitle(result),
        items: [...contextItems(result), ...learningItems(learning.lines)],
      })),
    ),
    vscode.commands.registerCommand('chorus.context.stopReadingAhead', () =>
      switchSettingOff(vscode.workspace.getConfiguration('chorus'), 'context.readAhead'),
    ),
    vscode.commands.registerCommand('chorus.completion.why', () =>
      show(session, (result) => {
        const why = result.last
          ? whyItems(result.last)
          : [{ label: l10n.t('There was no recent completion in this document') }];
        return {
          title: contextTitle(result),
          items: [...why, { label: '', kind: vscode.QuickPickItemKind.Separator }, ...contextItems(result)],
        };
      }),
    ),
  );
}

async function show(
  session: SidecarSession,
  view: (result: ContextResult) => { readonly title: string; readonly items: readonly PlaceItem[] },
): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) return;
  try {
    const result = await session.request(CONTEXT_REQUEST, {
      uri: document.uri.toString(),
    });
    const { title, items } = view(result);
    const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
    if (picked?.command !== undefined) await vscode.commands.executeCommand(picked.command);
    if (!picked?.place) return;
    const { uri, line } = picked.place;
    await vscode.window.showTextDocument(vscode.Uri.parse(uri, true), {
      selection: new vscode.Range(line, 0, line, 0),
    });
  } catch (error) {
    showFailure(error);
  }
}
