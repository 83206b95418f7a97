import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { REMOVE_MODEL_REQUEST, type RemoveModelParams } from '../../sidecar/protocol/client.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showFailure } from '../status/remedies.ts';
import { formatBytes } from '../status/statusView.ts';
import type { ModelChoice } from './modelChoice.ts';

/** Removes a model, or its partial download, after the user has confirmed. */
export async function removeModel(session: SidecarSession, choice: ModelChoice): Promise<void> {
  const found = removalOf(choice);
  if (!found) return;
  const remove = l10n.t('Remove');
  const answer = await vscode.window.showWarningMessage(
    l10n.t('Remove {0} from this machine? It takes {1}.', found.name, formatBytes(found.sizeBytes)),
    { modal: true },
    remove,
  );
  if (answer !== remove) return;
  await requestRemoval(session, found.params);
}

/** Removes a model without asking. Shows an error message if the removal fails. */
export async function requestRemoval(session: SidecarSession, params: RemoveModelParams): Promise<void> {
  try {
    await session.request(REMOVE_MODEL_REQUEST, params);
  } catch (error) {
    showFailure(error);
  }
}

function removalOf(
  choice: ModelChoice,
): { readonly name: string; readonly sizeBytes: number; readonly params: RemoveModelParams } | undefined {
  switch (choice.kind) {
    case 'local':
      return { name: choice.model.name, sizeBytes: choice.model.sizeBytes, params: { path: choice.model.path } };
    case 'download': {
      const { entry, quantisation } = choice;
      return {
        name: `${entry.name} ${quantisation.type}`,
        sizeBytes: quantisation.receivedBytes ?? 0,
        params: { id: entry.id, quantisation: quantisation.type },
      };
    }
    case 'browse':
    case 'import':
    case 'server':
      return undefined;
  }
}
