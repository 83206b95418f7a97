import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import type { ActionHost } from './actionHost.ts';
import { runEdit } from './editAction.ts';
import { currentTarget, withComment } from './editorTarget.ts';
import { humanLanguages } from './languages.ts';

export const TRANSLATE_COMMAND = 'chorus.translate';

const LAST_LANGUAGE_KEY = 'translate.lastLanguage';

/** Translates comments and strings into a language that the user picks. The previous choice is on top. */
export async function translate(host: ActionHost, uri?: vscode.Uri, range?: vscode.Range): Promise<void> {
  const target = await currentTarget(host.policy, uri, range);
  if (!target) return;
  const languages = humanLanguages(host.memory.get<string>(LAST_LANGUAGE_KEY) ?? currentLanguage());
  const picked = await vscode.window.showQuickPick(
    languages.map(({ tag, name, nativeName }) => ({ label: nativeName, description: name, tag })),
    { title: l10n.t('Translate comments and strings into'), matchOnDescription: true },
  );
  if (!picked) return;
  await host.memory.update(LAST_LANGUAGE_KEY, picked.tag);
  await runEdit(host.session, withComment(target), {
    task: 'translate',
    label: l10n.t('Translate with Chorus'),
    language: picked.tag,
  });
}
