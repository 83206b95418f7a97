import * as vscode from 'vscode';
import type { NextEdit } from '../../sidecar/protocol/client.ts';
import { NewProblems } from './newProblems.ts';
import { NextEditAnnouncement } from './nextEditAnnouncement.ts';
import { NextEditDecorations } from './nextEditDecorations.ts';
import { hintTowards, hintTowardsFile, isAt } from './nextEditHint.ts';
import { NextEditGhostText } from './nextEditGhostText.ts';
import { NextEditQueue, type PendingEdit } from './nextEditQueue.ts';
import { NextEditRequests, type NextEditSetup } from './nextEditRequests.ts';
import { pendingEdits, rangeOf } from './pendingEdits.ts';
import { quickFixes } from './quickFixes.ts';
import { UnopenedEdits } from './unopenedEdits.ts';

interface NextEditControllerSetup extends NextEditSetup {
  /** Returns whether an editor shows a completion at its cursor. */
  readonly hasCompletion: (editor: vscode.TextEditor) => boolean;
}

type Changes = readonly vscode.TextDocumentContentChangeEvent[];

/** Shows one suggested change at a time, and applies the accepted ones. */
export class NextEditController implements vscode.Disposable {
  readonly #requests: NextEditRequests;
  readonly #queue = new NextEditQueue();
  readonly #unopened = new UnopenedEdits();
  readonly #decorations = new NextEditDecorations();
  readonly #announcement = new NextEditAnnouncement();
  readonly #ghostText: NextEditGhostText;
  readonly #disposables: readonly vscode.Disposable[];
  /** The change that is being applied. */
  #accepted: PendingEdit | undefined;
  readonly #contexts = new Map<string, boolean>();

  constructor(setup: NextEditControllerSetup) {
    this.#requests = new NextEditRequests(setup);
    this.#ghostText = new NextEditGhostText(setup.hasCompletion);
    const hide = (): void => this.#hide();
    this.#disposables = [
      this.#requests,
      this.#decorations,
      this.#announcement,
      new NewProblems({ onNew: (document, problems) => this.#ask(document, problems) }),
      vscode.workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      vscode.window.onDidChangeTextEditorSelection(() => this.#render()),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#entered(editor)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('chorus')) hide();
      }),
      setup.snooze.onDidChange(hide),
      setup.policy.onDidChange(hide),
    ];
  }

  /** Returns the shown change as ghost text for a cursor, if it is shown so. */
  ghostTextAt(document: vscode.TextDocument, cursor: vscode.Position): vscode.InlineCompletionItem | undefined {
    return this.#ghostText.itemAt(document, cursor);
  }

  /** Goes to the shown change, or accepts it if the cursor is there. Otherwise the key does what it always does. */
  async next(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const { current } = this.#queue;
    if (editor === undefined || !this.#hasNext) await vscode.commands.executeCommand('tab');
    else if (this.#ghostText.insertion) await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    else if (current === undefined) await this.#openNextFile();
    else if (isAt(editor, current)) await this.#accept(editor);
    else await this.#goTo(current);
  }

  /** Hides all suggested changes. They are not suggested again in this window. */
  dismiss(): void {
    this.#queue.dismiss([...this.#queue.edits, ...this.#unopened.changes]);
    this.#hide();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  get #hasNext(): boolean {
    return this.#queue.current !== undefined || this.#unopened.nextUri !== undefined;
  }

  #changed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return;
    const uri = document.uri.toString();
    const isActive = vscode.window.activeTextEditor?.document === document;
    this.#unopened.clear(uri);
    const typed = isActive ? this.#typeOver(uri, contentChanges) : undefined;
    if (typed === 'begun') return;
    if (typed === undefined) this.#queue.follow(uri, contentChanges);
    if (!isActive || ((typed === 'done' || this.#isAccepted(contentChanges)) && this.#hasNext)) this.#render();
    else {
      this.#clear();
      this.#ask(document);
    }
  }

  /** Asks for the changes that follow from the last edits, and from problems that they caused. */
  #ask(document: vscode.TextDocument, problems: readonly vscode.Diagnostic[] = []): void {
    if (this.#hasNext) return;
    const answered = (suggestions: readonly NextEdit[]): void => this.#answered(document, suggestions);
    this.#requests.ask(document, answered, () => quickFixes(document, problems));
  }

  /** Follows changes that accept the ghost text, wholly or in part, or type it. */
  #typeOver(uri: string, changes: Changes): 'begun' | 'done' | undefined {
    const { insertion } = this.#ghostText;
    if (insertion === undefined || this.#queue.current?.uri !== uri) return undefined;
    const rest = this.#queue.typeOver(insertion, changes);
    if (rest === undefined || rest === 'done') return rest;
    this.#ghostText.goOn(rest);
    return 'begun';
  }

  /** Whether these changes are the accepted one. Any other change may make the waiting ones wrong. */
  #isAccepted(changes: Changes): boolean {
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
    this.#unopened.fill(
      suggestions.filter(({ uri }) => !open.has(normalised(uri))),
      (change) => this.#queue.isDismissed(change),
    );
    this.#render();
  }

  async #goTo({ uri, start, end }: PendingEdit): Promise<void> {
    const editor = await editorOf(vscode.Uri.parse(uri));
    const range = rangeOf(editor.document, { start, end });
    editor.selection = new vscode.Selection(range.start, range.start);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.#render();
  }

  /** Opens the next file, and goes to the first change in it. */
  async #openNextFile(): Promise<void> {
    const uri = this.#unopened.nextUri;
    if (uri === undefined) return;
    const { document } = await editorOf(vscode.Uri.parse(uri));
    const edits = this.#unopened.take(uri).flatMap((suggestion) => pendingEdits(document, suggestion));
    this.#queue.fill(edits, { uri, offset: 0 });
    if (this.#queue.current) await this.#goTo(this.#queue.current);
    else this.#render();
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
    if (editor.document.uri.toString() === this.#nextUri) this.#render();
    else this.#clear();
  }

  /** The document of the next change. */
  get #nextUri(): string | undefined {
    return this.#queue.current?.uri ?? this.#unopened.nextUri;
  }

  #clear(): void {
    this.#requests.cancel();
    this.#queue.clear();
    this.#unopened.clear();
    this.#render();
  }

  /** Clears, for a reason that does not make VS Code hide ghost text. */
  #hide(): void {
    this.#ghostText.hide();
    this.#clear();
  }

  #render(): void {
    const editor = vscode.window.activeTextEditor;
    const { current } = this.#queue;
    const uri = this.#nextUri;
    const isGhostText = editor !== undefined && current !== undefined && this.#ghostText.offer(editor, current);
    if (current === undefined) this.#ghostText.forget();
    this.#setContext('chorus.nextEdit.shown', editor !== undefined && uri !== undefined);
    this.#setContext('chorus.nextEdit.ghostText', isGhostText);
    // VS Code itself announces ghost text.
    if (editor === undefined || uri === undefined || isGhostText) {
      this.#decorations.clear();
      this.#announcement.hide();
    } else this.#show(editor, uri, current);
  }

  #show(editor: vscode.TextEditor, uri: string, edit: PendingEdit | undefined): void {
    if (edit?.uri === editor.document.uri.toString()) {
      const range = rangeOf(editor.document, edit);
      this.#decorations.show({
        editor,
        hint: hintTowards(editor, edit),
        place: { range, newText: edit.newText },
      });
      this.#announcement.show({ ...edit, line: range.start.line, isHere: isAt(editor, edit) });
    } else {
      this.#decorations.show({ editor, hint: hintTowardsFile(uri) });
      this.#announcement.show({ uri });
    }
  }

  #setContext(key: string, value: boolean): void {
    if ((this.#contexts.get(key) ?? false) === value) return;
    this.#contexts.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
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
