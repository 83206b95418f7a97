import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { IMPORT_MODEL_REQUEST, type ImportModelParams } from '../../sidecar/protocol/client.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showFailure } from '../status/remedies.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { downloadModel } from './downloadModel.ts';
import type { ModelChoice } from './modelChoice.ts';
import { pickModel } from './modelPicker.ts';
import { showArrival } from './modelProgress.ts';
import { removeModel } from './removeModel.ts';
import { useModel, type ModelParts } from './useModel.ts';

/** Registers the command "Choose Model…". */
export function registerModels(context: vscode.ExtensionContext, session: SidecarSession, server: ServerChoice): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.chooseModel', () =>
      chooseModel({ session, server, extension: context.extension }),
    ),
  );
}

async function chooseModel(parts: ModelParts): Promise<void> {
  const { session, server } = parts;
  for (;;) {
    const picked = await pickModel(session, server);
    if (!picked) return;
    if (!picked.isRemoval) return useChoice(parts, picked.choice);
    // After a removal the list shows the remaining models.
    await removeModel(session, picked.choice);
  }
}

async function useChoice(parts: ModelParts, choice: ModelChoice): Promise<void> {
  const { session, server } = parts;
  if (choice.kind === 'server') {
    await vscode.commands.executeCommand('chorus.useServer');
    return;
  }
  const before = chosenNow(server);
  const file = await pathOf(session, choice);
  if (file === undefined) return;
  // A download takes long, so a model that the user chose meanwhile stays chosen.
  if (chosenNow(server) !== before && !(await isWanted(path.basename(file)))) return;
  await useModel(parts, file);
}

/** The model or server that the settings choose now. */
function chosenNow(server: ServerChoice): string {
  return JSON.stringify([
    server.settings?.url,
    vscode.workspace.getConfiguration('chorus').inspect('modelPath')?.globalValue,
  ]);
}

async function isWanted(name: string): Promise<boolean> {
  const use = l10n.t('Use This Model');
  return (
    (await vscode.window.showInformationMessage(l10n.t('{0} is on this machine now.', withoutLinks(name)), use)) === use
  );
}

/** Returns the chosen model's path when the file is present. Returns `undefined` if the user cancelled. */
async function pathOf(
  session: SidecarSession,
  choice: Exclude<ModelChoice, { readonly kind: 'server' }>,
): Promise<string | undefined> {
  switch (choice.kind) {
    case 'local':
      return choice.model.source === 'bundled' ? '' : choice.model.path;
    case 'download':
      return downloadModel(session, choice.entry, choice.quantisation);
    case 'browse':
      return browse(l10n.t('Use This Model'));
    case 'import': {
      const file = await browse(l10n.t('Import a Copy…'));
      return file === undefined ? undefined : importModel(session, file);
    }
  }
}

async function importModel(session: SidecarSession, file: string): Promise<string | undefined> {
  const arrival = await showArrival(
    session,
    l10n.t('Importing {0}', withoutLinks(path.basename(file))),
    IMPORT_MODEL_REQUEST,
    { path: file } satisfies ImportModelParams,
  );
  if (arrival.kind === 'failed') showFailure(arrival.error);
  return arrival.kind === 'here' ? arrival.path : undefined;
}

async function browse(openLabel: string): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    canSelectMany: false,
    // The sidecar runs beside the extension. If the extension is remote, so are the files.
    filters: { GGUF: ['gguf'] },
    openLabel,
    title: l10n.t('Choose a GGUF File'),
  });
  return files?.[0]?.fsPath;
}
