import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { NextEdit } from '../../sidecar/protocol/client.ts';
import { NextEditDecorations } from './nextEditDecorations.ts';
import { NextEditQueue, type PendingEdit } from './nextEditQueue.ts';
import { NextEditRequests, type NextEditSetup } from './nextEditRequests.ts';
import { pendingEdits, rangeOf } from './pendingEdits.ts';

/** Shows one suggested change at a time, and applies the accepted ones. */
export class NextEditController implements vscode.Disposable {
  readonly #requests: NextEditRequests;
  readonly #queue = new NextEditQueue();
  readonly #decorations = new NextEditDecorations();
  readonly #disposables: readonly vscode.Disposable[];
  /** The change that is being applied. */
  #accepted: PendingEdit | undefined;
  #isShown = false;

  constructor(setup: NextEditSetup) {
    this.#requests = new NextEditRequests(setup);
    const clear = (): void => this.#clear();
    this.#disposables = [
      this.#requests,
      this.#decorations,
      vscode.workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      vscode.window.onDidChangeTextEditorSelection(() => this.#render()),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#entered(editor)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('chorus')) clear();
      }),
      setup.snooze.onDidChange(clear),
      setup.policy.onDidChange(clear),
    ];
  }

  /** Goes to the shown change, or accepts it if the cursor is there. Otherwise the key does what it always does. */
  async next(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const { current } = this.#queue;
    if (editor === undefined || current === undefined) await vscode.commands.executeCommand('tab');
    else if (isAt(editor, current)) await this.#accept(editor);
    else await this.#goTo(current);
  }

  /** Hides all suggested changes. They are not suggested again in this window. */
  dismiss(): void {
    this.#queue.dismiss(this.#queue.edits);
    this.#clear();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #changed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return;
    const uri = document.uri.toString();
    this.#queue.follow(uri, contentChanges);
    if (vscode.window.activeTextEditor?.document !== document) {
      if (this.#isShown) this.#render();
    } else if (!this.#isAccepted(contentChanges) || this.#queue.current === undefined) {
      this.#clear();
      this.#requests.ask(document, (suggestions) => this.#answered(document, suggestions));
    }
  }

  /** Whether these changes are the accepted one. Any other change may make the waiting ones wrong. */
  #isAccepted(changes: readonly vscode.TextDocumentContentChangeEvent[]): boolean {
    const [change] = changes;
    if (this.#accepted === undefined || changes.length !== 1) return false;
    const { start, end } = this.#accepted;
    return change?.rangeOffset === start && change.rangeLength === end - start;
  }

  #answered(document: vscode.TextDocument, suggestions: readonly NextEdit[]): void {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document !== document) return;
    const open = new Map(vscode.workspace.textDocuments.map((each) => [each.uri.toString(), each]));
    const edits = suggestions.flatMap((suggestion) => {
      const target = open.get(normalised(suggestion.uri));
      return target ? pendingEdits(target, suggestion) : [];
    });
    this.#queue.fill(edits, { uri: document.uri.toString(), offset: document.offsetAt(editor.selection.active) });
    this.#render();
  }

  async #goTo({ uri, start, end }: PendingEdit): Promise<void> {
    const editor = await editorOf(vscode.Uri.parse(uri));
    const range = rangeOf(editor.document, { start, end });
    editor.selection = new vscode.Selection(range.start, range.start);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.#render();
  }

  /** Applies the shown change as one step of undo. */
  async #accept(editor: vscode.TextEditor): Promise<void> {
    const edit = this.#queue.take();
    if (edit === undefined) return;
    const range = rangeOf(editor.document, edit);
    if (editor.document.getText(range) !== edit.oldText) return this.#clear();
    this.#accepted = edit;
    try {
      const isApplied = await editor.edit((builder) => builder.replace(range, edit.newText), {
        undoStopBefore: true,
        undoStopAfter: true,
      });
      if (!isApplied) this.#clear();
    } finally {
      this.#accepted = undefined;
    }
    this.#render();
  }

  #entered(editor: vscode.TextEditor | undefined): void {
    if (editor === undefined) return;
    if (editor.document.uri.toString() === this.#queue.current?.uri) this.#render();
    else this.#clear();
  }

  #clear(): void {
    this.#requests.cancel();
    this.#queue.clear();
    this.#render();
  }

  #render(): void {
    const editor = vscode.window.activeTextEditor;
    const { current } = this.#queue;
    this.#setShown(editor !== undefined && current !== undefined);
    if (editor === undefined || current === undefined) this.#decorations.clear();
    else if (editor.document.uri.toString() === current.uri)
      this.#decorations.show({
        editor,
        hint: isAt(editor, current) ? l10n.t('Tab: accept') : hintTowards(editor, current),
        place: { range: rangeOf(editor.document, current), newText: current.newText },
      });
    else
      this.#decorations.show({
        editor,
        hint: `→ ${path.posix.basename(vscode.Uri.parse(current.uri).path)} · ${toNext()}`,
      });
  }

  #setShown(isShown: boolean): void {
    if (isShown === this.#isShown) return;
    this.#isShown = isShown;
    void vscode.commands.executeCommand('setContext', 'chorus.nextEdit.shown', isShown);
  }
}

/** Whether the cursor is alone and in or at the place of a change. */
function isAt({ document, selections }: vscode.TextEditor, { uri, start, end }: PendingEdit): boolean {
  const [selection] = selections;
  if (document.uri.toString() !== uri || selections.length !== 1 || !selection?.isEmpty) return false;
  const offset = document.offsetAt(selection.active);
  return offset >= start && offset <= end;
}

function hintTowards({ document, selection }: vscode.TextEditor, { start }: PendingEdit): string {
  const { line } = document.positionAt(start);
  const arrow = line === selection.active.line ? '↔' : line < selection.active.line ? '↑' : '↓';
  return `${arrow} ${toNext()}`;
}

function toNext(): string {
  return l10n.t('Tab: next edit');
}

/** The form of a URI in this window. */
function normalised(uri: string): string {
  return vscode.Uri.parse(uri).toString();
}

async function editorOf(uri: vscode.Uri): Promise<vscode.TextEditor> {
  const active = vscode.window.activeTextEditor;
  if (active?.document.uri.toString() === uri.toString()) return active;
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}
