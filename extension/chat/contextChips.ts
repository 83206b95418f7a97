import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ChipKind, ContextChip } from '../../media/chat/messages.ts';
import type { ContextItem } from '../../sidecar/protocol/client.ts';
import { quietTarget, refusal } from '../actions/editorTarget.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { namedFiles } from './namedFiles.ts';

/** The maximum size of a file in UTF-16 units, more than any local model's context holds. */
const MAX_ITEM_UNITS = 2_000_000;

interface Chip {
  readonly view: ContextChip;
  /** Reads the current text when the question is sent. Resolves with `undefined` if the text is gone. */
  readonly read: () => Promise<ContextItem | undefined>;
}

/**
 * The context that accompanies a conversation's questions until the user removes it. Selections keep their text until
 * they are added again, so that the model's cached prefix stays valid. Files and problems are read when a question is
 * sent. Secret and ignored files are refused at both times. A notification explains why an item can't be added, and no
 * call waits until it is closed.
 */
export class ContextChips {
  #chips: readonly Chip[] = [];
  #count = 0;

  constructor(
    private readonly policy: Pick<DocumentPolicy, 'check'>,
    private readonly onChange: () => void,
  ) {}

  get views(): readonly ContextChip[] {
    return this.#chips.map(({ view }) => view);
  }

  /** Adds the content of the active editor. Tells the user if it can't. */
  async addFromEditor(kind: ChipKind): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (!document) {
      showWithoutWaiting(
        vscode.window.showInformationMessage(l10n.t('First open the file that the question is about.')),
      );
      return;
    }
    if (!(await this.#allowed(document.uri))) return;
    if (kind === 'selection') await this.addTarget();
    else if (kind === 'file') this.#addLive('file', document.uri, readFile);
    else this.#addLive('diagnostics', document.uri, readDiagnostics);
  }

  /** Adds a file, open or not. After a cancellation nothing is added and no message is shown. */
  async addFile(uri: vscode.Uri, token?: vscode.CancellationToken): Promise<void> {
    if (await this.#allowed(uri, token)) this.#addLive('file', uri, readFile);
  }

  /**
   * Adds the workspace file of that name or path. Of several files it takes the first that may be read. Tells the user
   * if there is none. After a cancellation nothing is added and no message is shown.
   */
  async addNamedFile(name: string, token?: vscode.CancellationToken): Promise<void> {
    const found = await namedFiles(name, token);
    const verdicts = await Promise.all(found.map((uri) => this.policy.check(uri)));
    const uri = found[verdicts.indexOf('allowed')] ?? found[0];
    if (token?.isCancellationRequested) return;
    if (uri) await this.addFile(uri, token);
    else
      showWithoutWaiting(
        vscode.window.showInformationMessage(l10n.t('The workspace has no file {0}.', withoutLinks(name))),
      );
  }

  /**
   * Adds the selection or the declaration at the cursor, for commands that need code. Adds nothing if the active editor
   * has neither, or after a cancellation.
   */
  async addTarget(token?: vscode.CancellationToken): Promise<void> {
    const target = await quietTarget(this.policy);
    if (!target || token?.isCancellationRequested) return;
    const { document, range } = target;
    this.addItem({
      kind: 'selection',
      uri: document.uri.toString(),
      languageId: document.languageId,
      lines: [
        range.start.line,
        range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line,
      ],
      text: document.getText(range).slice(0, MAX_ITEM_UNITS),
    });
  }

  /** Adds a text that the caller has read and checked. */
  addItem(item: ContextItem): void {
    const uri = item.uri === undefined ? undefined : vscode.Uri.parse(item.uri);
    const lines = item.lines ? `:${item.lines[0] + 1}-${item.lines[1] + 1}` : '';
    this.#add(
      item.kind === 'workspace' ? 'selection' : item.kind,
      `${uri ? baseName(uri) : item.kind}${lines}`,
      uri ? `${vscode.workspace.asRelativePath(uri)}${lines}` : '',
      async () => (!uri || (await this.policy.check(uri)) === 'allowed' ? item : undefined),
    );
  }

  remove(id: string): void {
    this.#chips = this.#chips.filter(({ view }) => view.id !== id);
    this.onChange();
  }

  clear(): void {
    this.#chips = [];
    this.onChange();
  }

  async read(): Promise<readonly ContextItem[]> {
    const items = await Promise.all(this.#chips.map(({ read }) => read().catch(() => undefined)));
    return items.filter((item) => item !== undefined);
  }

  #addLive(
    kind: 'file' | 'diagnostics',
    uri: vscode.Uri,
    read: (uri: vscode.Uri) => Promise<ContextItem | undefined>,
  ): void {
    const label = kind === 'file' ? baseName(uri) : l10n.t('Problems of {0}', baseName(uri));
    this.#add(kind, label, vscode.workspace.asRelativePath(uri), async () =>
      (await this.policy.check(uri)) === 'allowed' ? read(uri) : undefined,
    );
  }

  /** Replaces an existing chip in its place, since its text may have changed. */
  #add(kind: ChipKind, label: string, description: string, read: Chip['read']): void {
    this.#count += 1;
    const chip: Chip = { view: { id: String(this.#count), kind, label, description }, read };
    const at = this.#chips.findIndex(
      ({ view }) => view.kind === kind && view.label === label && view.description === description,
    );
    this.#chips = at < 0 ? [...this.#chips, chip] : this.#chips.with(at, chip);
    this.onChange();
  }

  async #allowed(uri: vscode.Uri, token?: vscode.CancellationToken): Promise<boolean> {
    const verdict = await this.policy.check(uri);
    if (token?.isCancellationRequested) return false;
    const name = vscode.workspace.asRelativePath(uri);
    if (verdict !== 'allowed') {
      showWithoutWaiting(vscode.window.showWarningMessage(refusal(verdict, name)));
      return false;
    }
    const open = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
    if (!open && !vscode.workspace.isTrusted) {
      showWithoutWaiting(
        vscode.window.showWarningMessage(
          l10n.t(
            'Chorus does not read {0}. In an untrusted workspace it reads open documents only.',
            withoutLinks(name),
          ),
        ),
      );
      return false;
    }
    return true;
  }
}

async function readFile(uri: vscode.Uri): Promise<ContextItem> {
  const document = await vscode.workspace.openTextDocument(uri);
  return {
    kind: 'file',
    uri: uri.toString(),
    languageId: document.languageId,
    text: document.getText().slice(0, MAX_ITEM_UNITS),
  };
}

async function readDiagnostics(uri: vscode.Uri): Promise<ContextItem | undefined> {
  const document = await vscode.workspace.openTextDocument(uri);
  const lines = vscode.languages.getDiagnostics(uri).map(({ range, message, source, severity }) => {
    const kind = vscode.DiagnosticSeverity[severity].toLowerCase();
    const code = document.lineAt(Math.min(range.start.line, document.lineCount - 1)).text.trim();
    return `line ${range.start.line + 1}, ${kind}${source ? ` (${source})` : ''}: ${message}\n  ${code}`;
  });
  return lines.length === 0
    ? undefined
    : { kind: 'diagnostics', uri: uri.toString(), languageId: document.languageId, text: lines.join('\n') };
}

function baseName(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1) || uri.path;
}
