import path from 'node:path';
import * as vscode from 'vscode';
import { currentLanguage, useLanguage } from '../../l10n/currentLanguage.ts';
import { interfaceLanguageFor } from '../../l10n/languages.ts';

/**
 * Keeps the interface in the language that `chorus.language` names, else in VS Code's display language. Must be made before anything is
 * registered. Only what the manifest holds follows VS Code alone.
 */
export class InterfaceLanguageSetting implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Texts that are on the screen have to be written anew. */
  readonly onDidChange = this.#didChange.event;
  readonly #subscription: vscode.Disposable;

  constructor(extensionPath: string, onError: (error: unknown) => void) {
    const folder = path.join(extensionPath, 'l10n');
    const apply = (): void => {
      try {
        useLanguage(folder, interfaceLanguageFor(wantedLanguage()));
      } catch (error) {
        onError(error);
      }
    };
    apply();
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('chorus.language')) return;
      const before = currentLanguage();
      apply();
      if (currentLanguage() !== before) this.#didChange.fire();
    });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#didChange.dispose();
  }
}

function wantedLanguage(): string {
  const setting = vscode.workspace.getConfiguration('chorus').get('language');
  return typeof setting === 'string' && setting !== '' && setting !== 'auto' ? setting : vscode.env.language;
}
