import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  LOAD_REQUEST,
  SERVER_MODELS_REQUEST,
  type ServerModel,
  type ServerModelsParams,
} from '../../sidecar/protocol/client.ts';
import { readServerSettings } from '../settings.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { showFailure } from '../status/remedies.ts';
import { consents } from './consent.ts';
import type { ServerChoice } from './serverChoice.ts';

/** Asks for a server's address, key and model, and for consent to send code there. Then uses the server. */
export async function useServer(session: SidecarSession, choice: ServerChoice): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('chorus');
  const title = l10n.t('Use a Server…');
  const url = await vscode.window.showInputBox({
    title,
    value: readServerSettings(configuration)?.url ?? '',
    placeHolder: 'https://gpu.example.com:8000/v1',
    prompt: l10n.t('Address of an OpenAI-compatible server: vLLM, SGLang, TGI, llama-server, Ollama, a gateway'),
    ignoreFocusOut: true,
    validateInput: (value) =>
      isWebAddress(value) ? undefined : l10n.t('Expected an address that begins with https:// or http://'),
  });
  if (url === undefined) return;
  const key = await vscode.window.showInputBox({
    title,
    password: true,
    value: await choice.keyOf(url),
    prompt: l10n.t("The server's API key; empty if it needs none. VS Code keeps it in its secret storage."),
    ignoreFocusOut: true,
  });
  if (key === undefined) return;
  const access = {
    url: url.trim(),
    key: key.trim(),
    allowHttp: configuration.inspect<boolean>('server.allowHttp')?.globalValue,
  };
  const model = await pickModel(session, title, access);
  if (model === undefined || !(await consents(new URL(access.url).host))) return;
  await choice.choose({ ...access, model });
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Contacting the server') },
    async () => {
      // The status reports a server's problems to the user.
      await session.request(LOAD_REQUEST, undefined).catch(() => undefined);
    },
  );
}

async function pickModel(
  session: SidecarSession,
  title: string,
  access: ServerModelsParams,
): Promise<string | undefined> {
  let models: readonly ServerModel[];
  try {
    models = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: l10n.t('Contacting the server') },
      () => session.request(SERVER_MODELS_REQUEST, access),
    );
  } catch (error) {
    showFailure(error);
    return undefined;
  }
  if (models.length === 0) return nameModel(title);
  return vscode.window.showQuickPick(
    models.map(({ id }) => id),
    { title, placeHolder: l10n.t('Choose a model on the server'), ignoreFocusOut: true },
  );
}

/** Asks for the model's name, since some gateways list no models. */
async function nameModel(title: string): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title,
    prompt: l10n.t('Name of the model (the server lists no models)'),
    ignoreFocusOut: true,
  });
  return name?.trim() || undefined;
}

function isWebAddress(value: string): boolean {
  const text = value.trim();
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
