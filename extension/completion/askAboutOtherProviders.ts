import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { switchSettingOff } from '../settingTarget.ts';
import { findOtherProviders } from './otherProviders.ts';

const ASKED_KEY = 'chorus.completion.askedAboutProviders';
/** Other extensions also start after the window opens, and the question can wait. */
const FIRST_LOOK_MS = 20_000;

/** Tells the user once per extension that two extensions show ghost text. */
export function askAboutOtherProviders(context: vscode.ExtensionContext): void {
  context.globalState.setKeysForSync([ASKED_KEY]);
  const look = (): void => {
    ask(context.globalState).then(undefined, () => undefined);
  };
  const timer = setTimeout(look, FIRST_LOOK_MS);
  context.subscriptions.push({ dispose: () => clearTimeout(timer) }, vscode.extensions.onDidChange(look));
}

async function ask(storage: vscode.Memento): Promise<void> {
  if (!vscode.workspace.getConfiguration('chorus').get<boolean>('completion.enabled')) return;
  const askedBefore = storage.get<readonly string[]>(ASKED_KEY, []);
  const [found] = findOtherProviders(
    {
      isActive: (extensionId) => vscode.extensions.getExtension(extensionId)?.isActive === true,
      setting: (name) => vscode.workspace.getConfiguration().get(name),
    },
    askedBefore,
  );
  if (!found) return;
  // Stored before the user answers, so that a window closed meanwhile does not ask a second time.
  await storage.update(ASKED_KEY, [...askedBefore, found.name]);

  const keepBoth = l10n.t('Keep Both');
  const switchOff = l10n.t('Switch Chorus Ghost Text Off');
  const showOther = l10n.t('Show Settings of {0}', found.name);
  const answer = await vscode.window.showInformationMessage(
    l10n.t('{0} shows ghost text too. If both are on, VS Code shows the first answer.', found.name),
    keepBoth,
    switchOff,
    showOther,
  );
  if (answer === switchOff) {
    await switchSettingOff(vscode.workspace.getConfiguration('chorus'), 'completion.enabled');
  } else if (answer === showOther) {
    await vscode.commands.executeCommand('workbench.action.openSettings', found.setting ?? `@ext:${found.extensionId}`);
  }
}
