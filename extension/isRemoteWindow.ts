import * as vscode from 'vscode';
import { choosesModel, type SettingsReader } from './settings.ts';

/**
 * Returns whether the extension runs on the user's side of a remote window. Then the settings with scope `machine`
 * belong to another machine.
 */
export function hasSettingsOfOtherMachine({
  extensionKind,
}: Pick<vscode.Extension<unknown>, 'extensionKind'>): boolean {
  return vscode.env.remoteName !== undefined && extensionKind === vscode.ExtensionKind.UI;
}

/**
 * Returns whether this window uses the model that the user's local windows chose. `reader` reads the section `chorus`.
 */
export function leavesModel(
  extension: Pick<vscode.Extension<unknown>, 'extensionKind'>,
  reader: SettingsReader,
): boolean {
  return hasSettingsOfOtherMachine(extension) && !choosesModel(reader);
}
