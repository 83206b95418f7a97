import * as vscode from 'vscode';
import { commitSources } from '../actions/git/commitSources.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { boxTarget } from './boxTarget.ts';
import { Dictation } from './dictation.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { EditorTarget } from './editorTarget.ts';
import { HeldKey } from './heldKey.ts';

/** The chat panel's input box. */
export interface ChatBox {
  /** Shows the panel and returns a target that writes into its box. */
  open(): Promise<DictationTarget>;
  /** Fires when the box gets the keyboard's focus. */
  readonly onDidFocus: vscode.Event<void>;
}

/**
 * Registers the dictation commands: into the last focused place, the chat box, or the box of a commit message. Each is
 * a toggle. If its key is held, it listens only as long as the key is held.
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

/**
 * Returns the input box of the named repository, or of the first. Shows its view, since the user has to see the text.
 */
async function commitTarget(sourceControl: vscode.SourceControl | undefined): Promise<DictationTarget | undefined> {
  const sources = await commitSources();
  const source = sources.find(({ rootUri }) => rootUri.path === sourceControl?.rootUri?.path) ?? sources[0];
  if (!source) return undefined;
  await vscode.commands.executeCommand('workbench.view.scm');
  return boxTarget({ read: () => source.readMessage(), write: (text) => source.setMessage(text) });
}
