import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';

/** Left of Chorus's other items, so that this one does not move them. */
const PRIORITY = 102;
const MAX_SPOKEN_UNITS = 80;

/** The change that is shown, in words. `line` is absent if the change is in a file that is not shown. */
export interface AnnouncedEdit {
  readonly uri: string;
  readonly line?: number;
  readonly oldText?: string;
  readonly newText?: string;
  /** Whether the cursor is at the change, so that the key accepts it. */
  readonly isHere?: boolean;
}

/**
 * Says in the status bar which change is suggested. Decorations are silent for screen readers; they read an item with
 * the role of an alert as soon as it appears or changes.
 */
export class NextEditAnnouncement implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('chorus.nextEdit', vscode.StatusBarAlignment.Right, PRIORITY);

  constructor() {
    this.#item.name = l10n.t('Next edit');
    this.#item.command = 'chorus.nextEdit.next';
  }

  show(edit: AnnouncedEdit): void {
    const label = `${labelOf(edit)}. ${edit.isHere === true ? l10n.t('Tab: accept') : l10n.t('Tab: next edit')}`;
    this.#item.text = `$(edit) ${edit.line === undefined ? nameOf(edit.uri) : edit.line + 1}`;
    this.#item.tooltip = label;
    this.#item.accessibilityInformation = { label, role: 'alert' };
    this.#item.show();
  }

  hide(): void {
    this.#item.hide();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function labelOf({ uri, line, oldText = '', newText = '' }: AnnouncedEdit): string {
  if (line === undefined) return l10n.t('Next edit in {0}', nameOf(uri));
  const [place, before, after] = [String(line + 1), spoken(oldText), spoken(newText)];
  if (oldText === '') return l10n.t('Next edit in line {0}: “{1}” is added', place, after);
  if (newText === '') return l10n.t('Next edit in line {0}: “{1}” is removed', place, before);
  return l10n.t('Next edit in line {0}: “{1}” becomes “{2}”', place, before, after);
}

function nameOf(uri: string): string {
  return path.posix.basename(vscode.Uri.parse(uri).path);
}

function spoken(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > MAX_SPOKEN_UNITS ? `${line.slice(0, MAX_SPOKEN_UNITS)}…` : line;
}
