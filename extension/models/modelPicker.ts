import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { SHELF_REQUEST, type ShelfResult } from '../../sidecar/protocol/client.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import { localisedTrouble } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import { showFailure } from '../status/remedies.ts';
import { choicesOf, type ModelChoice } from './modelChoice.ts';
import { modelItems, type ModelItem } from './modelItem.ts';

/** The picked choice. `isRemoval` means that its remove button was pressed. */
export interface PickedModel {
  readonly choice: ModelChoice;
  readonly isRemoval: boolean;
}

/**
 * Shows the list at once and fills it when the sidecar answers. Resolves with `undefined` if the user picks nothing.
 */
export function pickModel(session: SidecarSession, server: ServerChoice): Promise<PickedModel | undefined> {
  const picker = vscode.window.createQuickPick<ModelItem>();
  picker.title = l10n.t('Choose a Model');
  picker.placeholder = l10n.t('A model on this machine, a model to download, or your own file');
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.busy = true;
  picker.show();
  shelfChoices(session, server)
    .then((choices) => {
      picker.items = modelItems(choices);
      picker.busy = false;
    })
    .catch((error: unknown) => {
      picker.hide();
      showFailure(error);
    });
  return new Promise((resolve) => {
    const finish = (choice: ModelChoice | undefined, isRemoval: boolean): void => {
      resolve(choice && { choice, isRemoval });
      picker.hide();
    };
    picker.onDidAccept(() => finish(picker.selectedItems[0]?.choice, false));
    picker.onDidTriggerItemButton(({ item }) => finish(item.choice, true));
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
  });
}

async function shelfChoices(session: SidecarSession, server: ServerChoice): Promise<readonly ModelChoice[]> {
  let shelf: ShelfResult;
  try {
    shelf = await session.request(SHELF_REQUEST, undefined);
  } catch (error) {
    showFailure(error);
    // A model can be chosen even if the sidecar has a problem, since a bad model may be the cause.
    return [{ kind: 'browse' }, { kind: 'server', chosen: server.settings }];
  }
  if (shelf.catalogueTrouble)
    showWithoutWaiting(vscode.window.showWarningMessage(localisedTrouble(shelf.catalogueTrouble)));
  return choicesOf(shelf.entries, server.settings);
}
