import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ServerSettings } from '../../sidecar/protocol/client.ts';
import { withoutLinks } from '../withoutLinks.ts';
import type { ServerChoice } from './serverChoice.ts';

/** Asks whether code may be sent to the host of a server that the user chose by command. */
export async function consents(host: string): Promise<boolean> {
  const use = l10n.t('Use This Server');
  const detail = l10n.t(
    'The code around the cursor, parts of other files, your questions and, for commit messages, your changes are sent there. Files whose names mark them as secret, and ignored files, are not. Chorus does not look for secrets inside other files.',
  );
  return (
    (await vscode.window.showWarningMessage(l10n.t('Code will be sent to {0}', host), { modal: true, detail }, use)) ===
    use
  );
}

/**
 * Asks about a server that is in the settings but was not chosen by command. Nothing is sent there before the user
 * agrees.
 */
export async function askForConsent(choice: ServerChoice, server: ServerSettings): Promise<void> {
  const use = l10n.t('Use This Server');
  const back = l10n.t('Use the Local Model');
  const host = URL.canParse(server.url) ? new URL(server.url).host : server.url;
  const picked = await vscode.window.showWarningMessage(
    l10n.t('The settings name a server, {0}. Code is sent there only if you allow it.', withoutLinks(host)),
    use,
    back,
  );
  if (picked === use) await choice.allow(server);
  else if (picked === back) await choice.clear();
}
