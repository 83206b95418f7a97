import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { LOAD_REQUEST, LOCAL_MODELS_REQUEST, type LocalModel } from '../../sidecar/protocol/client.ts';
import type { ServerChoice } from '../servers/serverChoice.ts';
import { formatBytes } from '../status/statusView.ts';
import type { SidecarSession } from '../sidecar/session.ts';

interface ModelItem extends vscode.QuickPickItem {
  /** Path of the model, '' for the bundled one; `undefined`: the file dialog. */
  readonly path?: string;
  /** Runs instead of choosing a model of this machine. */
  readonly command?: string;
}

/** Registers the command "Choose Model…". */
export function registerModels(context: vscode.ExtensionContext, session: SidecarSession, server: ServerChoice): void {
  context.subscriptions.push(vscode.commands.registerCommand('chorus.chooseModel', () => chooseModel(session, server)));
}

async function chooseModel(session: SidecarSession, server: ServerChoice): Promise<void> {
  const picked = await vscode.window.showQuickPick(modelItems(session, server), {
    title: l10n.t('Choose a Model'),
    placeHolder: l10n.t('A model on this machine, or a GGUF file'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!picked) return;
  if (picked.command !== undefined) {
    await vscode.commands.executeCommand(picked.command);
    return;
  }
  const path = picked.path ?? (await browse());
  if (path === undefined) return;
  await server.clear();
  await vscode.workspace.getConfiguration('chorus').update('modelPath', path === '' ? undefined : path, vscode.ConfigurationTarget.Global);
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Loading the model') }, async () => {
    // What is wrong with a model reaches the user by way of the status.
    await session.request(LOAD_REQUEST, undefined).catch(() => undefined);
  });
}

async function modelItems(session: SidecarSession, server: ServerChoice): Promise<ModelItem[]> {
  const browseItem: ModelItem = { label: `$(folder-opened) ${l10n.t('Browse…')}`, alwaysShow: true };
  const chosen = server.settings;
  const serverItem: ModelItem = {
    label: `$(cloud-upload) ${l10n.t('Use a Server…')}`,
    ...(chosen ? { description: `$(check) ${chosen.model}`, detail: chosen.url } : {}),
    command: 'chorus.useServer',
    alwaysShow: true,
  };
  let models: readonly LocalModel[];
  try {
    models = await session.request<readonly LocalModel[]>(LOCAL_MODELS_REQUEST, undefined);
  } catch {
    // A model can be chosen while the sidecar is in trouble, for a bad model may be the trouble.
    return [browseItem, serverItem];
  }
  return [...models.map((model) => asItem(model, session.status?.modelPath)), browseItem, serverItem];
}

function asItem(model: LocalModel, currentPath: string | undefined): ModelItem {
  return {
    label: model.path === currentPath ? `$(check) ${model.name}` : model.name,
    description: `${sourceName(model.source)}, ${formatBytes(model.sizeBytes)}`,
    detail: model.path,
    path: model.source === 'bundled' ? '' : model.path,
  };
}

function sourceName(source: LocalModel['source']): string {
  switch (source) {
    case 'lm-studio':
      return 'LM Studio';
    case 'ollama':
      return 'Ollama';
    case 'llama.cpp':
      return 'llama.cpp';
    case 'chorus':
      return 'Chorus';
    case 'bundled':
      return l10n.t('bundled with Chorus');
  }
}

async function browse(): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    canSelectMany: false,
    // The sidecar runs beside the extension: where that is remote, so are the files.
    filters: { GGUF: ['gguf'] },
    openLabel: l10n.t('Use This Model'),
    title: l10n.t('Choose a GGUF File'),
  });
  return files?.[0]?.fsPath;
}
