import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { followChanges, type TrackedRange } from './trackedRange.ts';

/** The scheme of virtual documents that show a file after an edit. */
const PREVIEW_SCHEME = 'chorus-preview';

const ACCEPT_EDIT_COMMAND = 'chorus.edit.accept';
const REJECT_EDIT_COMMAND = 'chorus.edit.reject';

export interface EditPreviewRequest {
  /** The only document that the edit changes. */
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
  readonly newText: string;
  /** The title of the diff editor. */
  readonly title: string;
  /** The name of the edit in the undo history and in messages, for example "Fix with Chorus". */
  readonly label: string;
}

export type EditDecision = 'accepted' | 'rejected';

interface PendingEdit {
  readonly request: EditPreviewRequest;
  readonly previewUri: vscode.Uri;
  readonly document: vscode.TextDocument;
  /** The place of the edit, which follows the user's own edits. `undefined` after the user edited inside it. */
  range: TrackedRange | undefined;
  /** The edit was accepted, and VS Code has not answered yet. Further commands for it come too late. */
  isApplying: boolean;
  readonly decide: (decision: EditDecision) => void;
}

const pending = new Map<string, PendingEdit>();
const contentChanged = new vscode.EventEmitter<vscode.Uri>();
let previewCount = 0;

/** Registers the virtual documents and the accept and reject commands in the diff editor's title bar. */
export function registerEditPreview(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(PREVIEW_SCHEME, {
      onDidChange: contentChanged.event,
      provideTextDocumentContent: (uri) => proposedText(pending.get(uri.query)),
    }),
    vscode.commands.registerCommand(ACCEPT_EDIT_COMMAND, async (resource?: vscode.Uri) =>
      accept(findPending(resource)),
    ),
    vscode.commands.registerCommand(REJECT_EDIT_COMMAND, async (resource?: vscode.Uri) =>
      finish(findPending(resource), 'rejected'),
    ),
    vscode.workspace.onDidChangeTextDocument(followDocument),
    vscode.window.tabGroups.onDidChangeTabs((event) => {
      for (const tab of event.closed) {
        const edit = pending.get(previewId(tab) ?? '');
        if (edit && !edit.isApplying) settle(edit, 'rejected');
      }
    }),
    { dispose: () => [...pending.values()].forEach((edit) => settle(edit, 'rejected')) },
  );
}

/**
 * Shows the document with `newText` in place of `range` in a diff editor and waits for the user. Accepting applies it
 * as one undoable edit of that document. Closing the diff editor rejects it. Simultaneous edits elsewhere in the
 * document are kept. If the range itself was edited, accepting changes nothing, tells the user and counts as a
 * rejection.
 */
export async function previewEdit(request: EditPreviewRequest): Promise<EditDecision> {
  const document = await vscode.workspace.openTextDocument(request.uri);
  const range = document.validateRange(request.range);
  previewCount += 1;
  const id = String(previewCount);
  const previewUri = request.uri.with({ scheme: PREVIEW_SCHEME, authority: '', query: id, fragment: '' });
  const decision = new Promise<EditDecision>((decide) => {
    pending.set(id, {
      request,
      previewUri,
      document,
      range: { start: document.offsetAt(range.start), end: document.offsetAt(range.end) },
      isApplying: false,
      decide,
    });
  });
  try {
    const preview = await vscode.workspace.openTextDocument(previewUri);
    if (preview.languageId !== document.languageId)
      await vscode.languages.setTextDocumentLanguage(preview, document.languageId);
    await vscode.commands.executeCommand('vscode.diff', request.uri, previewUri, request.title, {
      // A click in the Explorer would replace a mere preview tab, and with it the edit.
      preview: false,
      selection: new vscode.Range(range.start, range.start),
    } satisfies vscode.TextDocumentShowOptions);
  } catch (error) {
    pending.delete(id);
    throw error;
  }
  return decision;
}

async function accept(edit: PendingEdit | undefined): Promise<void> {
  if (!edit) return;
  const { document, range, request } = edit;
  if (!range || document.isClosed) {
    await finish(edit, 'rejected');
    await vscode.window.showWarningMessage(
      l10n.t(
        '{0}: the code changed while the preview was open, so nothing was applied. Ask again for an edit that fits.',
        request.label,
      ),
    );
    return;
  }
  const place = new vscode.Range(document.positionAt(range.start), document.positionAt(range.end));
  const change = new vscode.WorkspaceEdit();
  change.replace(request.uri, place, request.newText, { label: request.label, needsConfirmation: false });
  if (!(await apply(edit, change))) {
    await vscode.window.showErrorMessage(
      l10n.t('{0}: VS Code did not apply the edit. Is the file read-only?', request.label),
    );
    return;
  }
  await finish(edit, 'accepted');
  const end = document.positionAt(range.start + request.newText.length);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  editor.revealRange(new vscode.Range(place.start, end), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** If the edit fails, the user can decide again, unless the preview was closed meanwhile. */
async function apply(edit: PendingEdit, change: vscode.WorkspaceEdit): Promise<boolean> {
  let isApplied = false;
  edit.isApplying = true;
  try {
    isApplied = await vscode.workspace.applyEdit(change);
  } finally {
    edit.isApplying = false;
    if (!isApplied && tabsOf(edit).length === 0) settle(edit, 'rejected');
  }
  return isApplied;
}

async function finish(edit: PendingEdit | undefined, decision: EditDecision): Promise<void> {
  if (!edit) return;
  settle(edit, decision);
  await vscode.window.tabGroups.close(tabsOf(edit));
}

function tabsOf(edit: PendingEdit): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => previewId(tab) === edit.previewUri.query);
}

function settle(edit: PendingEdit, decision: EditDecision): void {
  pending.delete(edit.previewUri.query);
  edit.decide(decision);
}

function followDocument(event: vscode.TextDocumentChangeEvent): void {
  for (const edit of pending.values()) {
    if (edit.document !== event.document || !edit.range || event.contentChanges.length === 0) continue;
    edit.range = followChanges(edit.range, event.contentChanges);
    contentChanged.fire(edit.previewUri);
  }
}

function proposedText(edit: PendingEdit | undefined): string {
  if (!edit) return '';
  const text = edit.document.getText();
  return edit.range ? text.slice(0, edit.range.start) + edit.request.newText + text.slice(edit.range.end) : text;
}

function findPending(resource: vscode.Uri | undefined): PendingEdit | undefined {
  const active = vscode.window.tabGroups.activeTabGroup.activeTab;
  const id = resource?.scheme === PREVIEW_SCHEME ? resource.query : active && previewId(active);
  const edit = id === undefined ? undefined : pending.get(id);
  return edit?.isApplying ? undefined : edit;
}

function previewId(tab: vscode.Tab): string | undefined {
  const { input } = tab;
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === PREVIEW_SCHEME
    ? input.modified.query
    : undefined;
}
