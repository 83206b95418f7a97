import * as l10n from '@vscode/l10n';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import { isRightToLeft } from '../../l10n/languages.ts';
import { parseJson } from '../../sidecar/common/parseJson.ts';

interface CommandItem extends vscode.QuickPickItem {
  readonly command: string;
}

/** Commands that are left out: those of a preview's buttons, and this list itself. */
const UNLISTED: readonly string[] = ['chorus.edit.accept', 'chorus.edit.reject', 'chorus.commands'];

/**
 * Registers the list of all commands in the interface's language. The Command Palette's titles follow VS Code's display
 * language instead.
 */
export function registerCommandList(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.commands', () => showCommandList(context.extensionPath)),
  );
}

async function showCommandList(extensionPath: string): Promise<void> {
  const picked = await vscode.window.showQuickPick(commandItems(extensionPath), {
    title: 'Chorus',
    placeHolder: l10n.t('Commands'),
    matchOnDescription: true,
  });
  if (picked) await vscode.commands.executeCommand(picked.command);
}

/** Returns each command with its title in the interface's language, and the palette's title if it differs. */
async function commandItems(extensionPath: string): Promise<CommandItem[]> {
  const [manifest, english, own] = await Promise.all(
    [
      'package.json',
      'package.nls.json',
      ...(currentLanguage() === 'en' ? [] : [`package.nls.${currentLanguage()}.json`]),
    ].map((name) => readJson(path.join(extensionPath, name))),
  );
  const { commands } = (manifest as { contributes: { commands: readonly { command: string; title: string }[] } })
    .contributes;
  const texts = (own ?? english) as Readonly<Record<string, string>>;
  return commands
    .filter(({ command }) => !UNLISTED.includes(command))
    .map(({ command, title }) => {
      const key = title.slice(1, -1);
      const inEnglish = (english as Readonly<Record<string, string>>)[key] ?? command;
      const label = texts[key] ?? inEnglish;
      return { label: towardsItsOwnEnd(label), ...(label === inEnglish ? {} : { description: inEnglish }), command };
    });
}

/**
 * VS Code's lists run left to right. For a right-to-left title a mark keeps the last character, such as an ellipsis, at
 * its end.
 */
function towardsItsOwnEnd(title: string): string {
  return isRightToLeft(currentLanguage()) ? `${title}\u200f` : title;
}

async function readJson(file: string): Promise<unknown> {
  return parseJson(await readFile(file, 'utf8'));
}
