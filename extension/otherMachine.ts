import * as vscode from 'vscode';
import { choosesModel, type SettingsReader } from './settings.ts';

/**
 * Whether the extension runs beside the user in a remote window: settings of the machine are then those of another
 * machine.
 */
export function hasSettingsOfOtherMachine({
  extensionKind,
}: Pick<vscode.Extension<unknown>, 'extensionKind'>): boolean {
  return vscode.env.remoteName !== undefined && extensionKind === vscode.ExtensionKind.UI;
}

/** Whether this window leaves the model as the user's local windows chose it. `reader`: of the section `chorus`. */
export function leavesModel(
  extension: Pick<vscode.Extension<unknown>, 'extensionKind'>,
  reader: SettingsReader,
): boolean {
  return hasSettingsOfOtherMachine(extension) && !choosesModel(reader);
}
