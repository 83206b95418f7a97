import * as vscode from 'vscode';
import { innermostValue } from '../settingTarget.ts';
import { readCompletionPreferences } from '../settings.ts';
import { toggledLanguages } from './completionGate.ts';

/** Switches ghost text on or off, in the innermost setting that defines it. */
export async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration('chorus');
  const { target, value } = innermostValue(settings, 'completion.enabled');
  const { enabled } = readCompletionPreferences({ get: () => value });
  await settings.update('completion.enabled', !enabled, target);
}

/** Switches ghost text on or off for the language of the active editor, in the list that is in effect. */
export async function toggleLanguage(): Promise<void> {
  const languageId = vscode.window.activeTextEditor?.document.languageId;
  if (languageId === undefined) return;
  const settings = vscode.workspace.getConfiguration('chorus');
  const { target, value } = innermostValue(settings, 'completion.disabledLanguages');
  const { disabledLanguages } = readCompletionPreferences({ get: () => value });
  await settings.update('completion.disabledLanguages', toggledLanguages(disabledLanguages, languageId), target);
}
