import * as vscode from 'vscode';
import { ghostInsertion, ghostTextOf } from './ghostTextOf.ts';
import type { Insertion } from './insertion.ts';
import type { PendingEdit } from './nextEditQueue.ts';

interface Offered {
  readonly edit: PendingEdit;
  /** The insertion that makes the change. */
  readonly insertion: Insertion;
  /** The cursor's offset when VS Code was asked to show the ghost text. */
  readonly cursor: number;
}

/** Shows a suggested change as ghost text, through the provider of ghost text. */
export class NextEditGhostText {
  #offered: Offered | undefined;

  /** `isTaken`: whether an editor shows other ghost text at its cursor. */
  constructor(private readonly isTaken: (editor: vscode.TextEditor) => boolean) {}

  /** The insertion that is shown as ghost text. */
  get insertion(): Insertion | undefined {
    return this.#offered?.insertion;
  }

  /** Shows the change as ghost text. Returns whether that is possible at the cursor. */
  offer(editor: vscode.TextEditor, edit: PendingEdit): boolean {
    const { document, selection } = editor;
    const cursor = document.offsetAt(selection.active);
    if (this.#offered?.edit === edit && this.#offered.cursor === cursor) return true;
    const insertion = this.#canShow(editor, edit) ? ghostInsertion(document, selection.active, edit) : undefined;
    this.#offered = insertion && { edit, insertion, cursor };
    // VS Code asks by itself only after typing.
    if (insertion) void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    return insertion !== undefined;
  }

  #canShow(editor: vscode.TextEditor, { uri }: PendingEdit): boolean {
    const { document, selection, selections } = editor;
    if (document.uri.toString() !== uri || selections.length !== 1 || !selection.isEmpty) return false;
    const isOn = vscode.workspace.getConfiguration('editor', document).get('inlineSuggest.enabled') !== false;
    return isOn && !this.isTaken(editor);
  }

  /** Takes note that the user typed the first part of the ghost text. VS Code goes on showing the rest. */
  goOn(rest: PendingEdit): void {
    const insertion = { offset: rest.start, text: rest.newText };
    this.#offered = { edit: rest, insertion, cursor: rest.start };
  }

  /** Returns the offered ghost text for a cursor. */
  itemAt(document: vscode.TextDocument, cursor: vscode.Position): vscode.InlineCompletionItem | undefined {
    if (this.#offered?.edit.uri !== document.uri.toString()) return undefined;
    const insertion = ghostInsertion(document, cursor, this.#offered.edit);
    return insertion && ghostTextOf(document, cursor, insertion);
  }

  /** Forgets the change. When the user types something else, VS Code hides ghost text by itself. */
  forget(): void {
    this.#offered = undefined;
  }

  hide(): void {
    if (this.#offered) void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    this.#offered = undefined;
  }
}
