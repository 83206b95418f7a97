import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import {
  DOWNLOAD_REQUEST,
  type CatalogueShelfEntry,
  type DownloadParams,
  type ShelfQuantisation,
} from '../../sidecar/protocol/client.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import { remediesForError } from '../status/remedies.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { showArrival } from './modelProgress.ts';
import { requestRemoval } from './removeModel.ts';

/**
 * Downloads a model after its licence is accepted, and returns its path. Returns `undefined` if the user paused or
 * removed it. Also returns `undefined` if it failed, which the user was told.
 */
export async function downloadModel(
  session: SidecarSession,
  entry: CatalogueShelfEntry,
  { type, state }: ShelfQuantisation,
): Promise<string | undefined> {
  if (state === 'absent' && !(await acceptsLicence(entry))) return undefined;
  const wanted = { id: entry.id, quantisation: type } satisfies DownloadParams;
  const name = withoutLinks(`${entry.name} ${type}`);
  for (;;) {
    const arrival = await showArrival(session, l10n.t('Downloading {0}', name), DOWNLOAD_REQUEST, wanted);
    if (arrival.kind === 'here') {
      if (arrival.isVerified === false) tellUnchecked(name);
      return arrival.path;
    }
    if (arrival.kind === 'cancelled') return undefined;
    const goOn = l10n.t('Resume');
    const remove = l10n.t('Remove');
    const answer =
      arrival.kind === 'failed'
        ? await offerToResume(arrival.error, goOn)
        : await vscode.window.showInformationMessage(
            l10n.t('The download of {0} is paused at {1}.', name, formatNumber(arrival.share, { style: 'percent' })),
            goOn,
            remove,
          );
    if (answer === remove) await requestRemoval(session, wanted);
    if (answer !== goOn) return undefined;
  }
}

/** Shows why a download failed. Returns `goOn` if its button was pressed. The other buttons run their commands. */
async function offerToResume(error: unknown, goOn: string): Promise<string | undefined> {
  const remedies = remediesForError(error);
  const answer = await vscode.window.showErrorMessage(
    localisedMessage(error),
    goOn,
    ...remedies.map(({ title }) => title),
  );
  const remedy = remedies.find(({ title }) => title === answer);
  if (remedy) await vscode.commands.executeCommand(remedy.command);
  return answer;
}

function tellUnchecked(name: string): void {
  const message = l10n.t(
    '{0} is downloaded, but its content could not be verified: neither the catalogue nor the server gives a SHA-256.',
    name,
  );
  showWithoutWaiting(vscode.window.showInformationMessage(message));
}

/** Shows a licence that forbids commercial use and asks for its acceptance. */
async function acceptsLicence({ name, licence, page }: CatalogueShelfEntry): Promise<boolean> {
  if (licence.commercialUse) return true;
  const download = l10n.t('Download');
  const read = l10n.t('Read the Licence');
  const message = l10n.t('{0} may not be used commercially. Its licence is {1}.', name, licence.name);
  const answer = await vscode.window.showWarningMessage(
    message,
    { modal: true, detail: licence.url ?? page },
    download,
    read,
  );
  if (answer === read) await vscode.env.openExternal(vscode.Uri.parse(licence.url ?? page));
  return answer === download;
}
