import * as vscode from 'vscode';
import type { ChatCommand, ContextItem } from '../../sidecar/protocol/client.ts';
import type { EditorTarget } from './editorTarget.ts';

/** The chat panel's command. It shows the panel and sends a message with context chips, as if the user had typed it. */
const ASK_COMMAND = 'chorus.chat.ask';

/** Sends a slash command about the target to the chat panel. */
export async function askInChat(command: ChatCommand, target: EditorTarget): Promise<void> {
  await vscode.commands.executeCommand(ASK_COMMAND, { command, context: [selectionItem(target)] });
}

/** Returns the target as a context chip. */
export function selectionItem({ document, range }: EditorTarget): ContextItem {
  return {
    kind: 'selection',
    uri: document.uri.toString(),
    languageId: document.languageId,
    lines: [range.start.line, range.end.line],
    text: document.getText(range),
  };
}
