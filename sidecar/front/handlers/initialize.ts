import { PositionEncodingKind, TextDocumentSyncKind, type InitializeResult } from 'vscode-languageserver-protocol';
import type { z } from 'zod';
import { PROTOCOL_VERSION, type ChorusServerCapabilities, type ChorusSettings } from '../../protocol/client.ts';
import { workspaceKeyOf } from '../../keptContexts/workspaceKey.ts';
import type { Quietness } from '../power/quietness.ts';
import type { Client } from '../client.ts';
import type { ClientServices } from '../clientServices.ts';
import { removeContexts, type ContextRemoval } from '../removeContexts.ts';
import { didChangeConfiguration, initialize, nothing } from '../schemas.ts';

type InitializeParams = z.infer<typeof initialize>;

interface InitializeParts extends ContextRemoval {
  readonly version: string;
  readonly quietness: Quietness;
}

/** Handles LSP's life cycle and the client's settings. */
export function handleInitialize(client: Client, services: ClientServices, parts: InitializeParts): void {
  const { version, session, quietness } = parts;
  const { connection } = client;
  const take = (settings: ChorusSettings): void => {
    client.settings = settings;
    session.configure(settings);
    quietness.configure(settings.power?.quiet);
    services.configure(settings.server, settings.downloads?.network);
    // `removeContexts` logs a failure.
    if (settings.contexts?.keepOnDisk === false) removeContexts(parts).catch(() => undefined);
  };

  connection.onRequest(
    'initialize',
    initialize,
    (params) => {
      connection.markInitialized();
      noteClient(client, params);
      const settings = params.initializationOptions?.settings;
      if (settings) take(settings);
      return initializeResult(version, params);
    },
    { beforeInitialize: true },
  );

  connection.onNotification('workspace/didChangeConfiguration', didChangeConfiguration, ({ settings: { chorus } }) => {
    if (chorus.unusable.length > 0) parts.log.info(`settings that can't be used: ${chorus.unusable.join(', ')}`);
    take(chorus.settings);
  });

  // The sidecar also serves other clients. So `shutdown` and `exit` end only this connection.
  connection.onRequest('shutdown', nothing, () => {
    connection.markShutdown();
    return null;
  });
  connection.onNotification('exit', nothing, () => connection.close(1000, 'exit'));
}

/** Notes the client's name and version, and its folders. */
function noteClient(client: Client, params: InitializeParams): void {
  const options = params.initializationOptions;
  client.clientKind = options?.clientKind ?? params.clientInfo?.name ?? 'lsp';
  client.clientVersion = options?.clientVersion ?? '';
  const folders = params.workspaceFolders?.map(({ uri }) => uri) ?? (params.rootUri ? [params.rootUri] : []);
  client.folders = folders;
  client.providesWorkspace = options?.providesWorkspace ?? false;
  client.workspace = options?.workspaceKey || (folders.length > 0 ? workspaceKeyOf(folders) : undefined);
}

function initializeResult(version: string, { capabilities }: InitializeParams): InitializeResult {
  const chorus: ChorusServerCapabilities = { protocolVersion: PROTOCOL_VERSION, version, pid: process.pid };
  const hasInlineCompletion = capabilities.textDocument?.inlineCompletion !== undefined;
  return {
    serverInfo: { name: 'chorus', version },
    capabilities: {
      positionEncoding: PositionEncodingKind.UTF16,
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      notebookDocumentSync: { notebookSelector: [{ notebook: '*' }] },
      inlineCompletionProvider: true,
      // An editor with ghost text would show the same text again in its list.
      ...(hasInlineCompletion ? {} : { completionProvider: {} }),
      experimental: { chorus },
    },
  };
}
