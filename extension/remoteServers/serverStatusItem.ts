import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { InterfaceLanguageSetting } from '../language/interfaceLanguage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import type { ServerChoice } from './serverChoice.ts';
import { serverSign } from './serverSign.ts';

/**
 * The status bar item shown while a server is chosen. It tells whether code leaves the machine, and where it goes. A
 * click returns to the local model.
 */
export class ServerStatusItem implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: readonly vscode.Disposable[];

  constructor(session: SidecarSession, choice: ServerChoice, language: InterfaceLanguageSetting) {
    this.#item = vscode.window.createStatusBarItem('chorus.server', vscode.StatusBarAlignment.Right, 99.9);
    this.#item.command = 'chorus.useLocalModel';
    const update = (): void => this.#update(session, choice);
    this.#disposables = [
      this.#item,
      choice.onDidChange(update),
      session.onDidChangeStatus(update),
      language.onDidChange(update),
    ];
    update();
  }

  #update(session: SidecarSession, choice: ServerChoice): void {
    const sign = serverSign(choice.settings, session.status?.server);
    if (!sign) {
      this.#item.hide();
      return;
    }
    this.#item.name = `Chorus: ${sign.host}`;
    this.#item.text = sign.text;
    this.#item.tooltip = [...sign.lines, l10n.t('Press to use the model on this machine again.')].join('\n\n');
    this.#item.accessibilityInformation = { label: sign.lines.join(' '), role: 'button' };
    this.#item.backgroundColor = sign.isWarning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
