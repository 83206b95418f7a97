import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { currentLanguage, useLanguage } from '../../l10n/currentLanguage.ts';
import { INTERFACE_LANGUAGES, interfaceLanguageFor } from '../../l10n/languages.ts';

/**
 * Keeps the interface in the language of `chorus.language`, else in VS Code's display language. Must be created before
 * any registration. Only the manifest's texts always follow VS Code.
 */
export class InterfaceLanguageSetting implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Fires when texts on the screen have to be written again. */
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

/** Registers the command that asks for the interface's language. Each language has its own name in the list. */
export function registerLanguageChoice(context: vscode.ExtensionContext): void {
  context.subscriptions.push(vscode.commands.registerCommand('chorus.language', chooseLanguage));
}

async function chooseLanguage(): Promise<void> {
  const named = Object.entries(INTERFACE_LANGUAGES).map(([tag, label]) => ({ label, description: tag, tag }));
  const choices = [
    { label: l10n.t("VS Code's display language"), description: vscode.env.language, tag: undefined },
    ...named,
  ];
  const picked = await vscode.window.showQuickPick(choices, { title: 'Chorus', matchOnDescription: true });
  if (picked)
    await vscode.workspace.getConfiguration('chorus').update('language', picked.tag, vscode.ConfigurationTarget.Global);
}

function wantedLanguage(): string {
  const setting = vscode.workspace.getConfiguration('chorus').get('language');
  return typeof setting === 'string' && setting !== '' && setting !== 'auto' ? setting : vscode.env.language;
}
