import * as vscode from 'vscode';
import { commitSources } from '../actions/git/commitSources.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { boxTarget } from './boxTarget.ts';
import { Dictation } from './dictation.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { EditorTarget } from './editorTarget.ts';
import { HeldKey } from './heldKey.ts';

/** The chat panel's box for questions. */
export interface ChatBox {
  /** Shows the panel, and gives what writes into its box. */
  open(): Promise<DictationTarget>;
  /** Fires when the keyboard's focus comes into the box. */
  readonly onDidFocus: vscode.Event<void>;
}

/**
 * Registers the commands that dictate: into what had the focus last, the chat box, or the box of a commit message. Each
 * is a toggle, and listens no longer than its key is held where that is held.
 */
export function registerDictation(
  context: vscode.ExtensionContext,
  session: SidecarSession,
  chatBox: ChatBox,
  logError: (error: unknown) => void,
): void {
  const dictation = new Dictation(session, context.globalState, logError);
  const key = new HeldKey();
  let isChatLast = false;
  const toggle = (open: () => Promise<DictationTarget | undefined>): Promise<void> =>
    key.press((released) => dictation.start(open, released));
  context.subscriptions.push(
    dictation,
    key,
    chatBox.onDidFocus(() => (isChatLast = true)),
    vscode.window.onDidChangeActiveTextEditor(() => (isChatLast = false)),
    vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
      if (kind !== undefined) isChatLast = false;
    }),
    vscode.commands.registerCommand('chorus.dictate', (into?: 'chat') => {
      const editor = vscode.window.activeTextEditor;
      return toggle(() =>
        editor && into !== 'chat' && !isChatLast ? Promise.resolve(new EditorTarget(editor)) : chatBox.open(),
      );
    }),
    vscode.commands.registerCommand('chorus.dictateCommitMessage', (sourceControl?: vscode.SourceControl) =>
      toggle(() => commitTarget(sourceControl)),
    ),
  );
}

/** The box of the repository that was named, or of the first; what is written has to be seen, so its view is shown. */
async function commitTarget(sourceControl: vscode.SourceControl | undefined): Promise<DictationTarget | undefined> {
  const sources = await commitSources();
  const source = sources.find(({ rootUri }) => rootUri.path === sourceControl?.rootUri?.path) ?? sources[0];
  if (!source) return undefined;
  await vscode.commands.executeCommand('workbench.view.scm');
  return boxTarget({ read: () => source.readMessage(), write: (text) => source.setMessage(text) });
}
