import { ResponseError } from 'vscode-languageserver-protocol/node';
import type { WebSocket } from 'ws';
import type { ChatService } from '../chat/chatService.ts';
import { CloseCodes } from '../client/connect.ts';
import type { DictationService } from '../dictation/dictationService.ts';
import type { AdoptedExperts } from '../learning/adoptedExperts.ts';
import type { IndexThread } from '../workspaceIndex/indexThread.ts';
import type { EditWriter } from '../completion/rewriting/editWriter.ts';
import type { CompletionService } from '../completion/completionService.ts';
import type { StatisticsCounter } from '../completion/statistics.ts';
import { TROUBLE_ERROR_CODE, type Trouble } from '../protocol/client.ts';
import type { Quietness } from './power/quietness.ts';
import type { Shelf } from '../shelf/shelf.ts';
import { Client, type Clients } from './client.ts';
import { ClientServices } from './clientServices.ts';
import { conversationId } from './conversationId.ts';
import { DRAINED } from './departure.ts';
import { handleChat } from './handlers/chat.ts';
import { handleCommitMessage } from './handlers/commitMessage.ts';
import { handleCompletion } from './handlers/completion.ts';
import { handleCuda } from './handlers/cuda.ts';
import { handleDictation } from './handlers/dictation.ts';
import { handleDiagnostics } from './handlers/diagnostics.ts';
import { handleDocuments } from './handlers/documents.ts';
import { handleDrain, type Departure } from './handlers/drain.ts';
import { handleEdit } from './handlers/edit.ts';
import { handleForget } from './handlers/forget.ts';
import { handleFeedback } from './handlers/feedback.ts';
import { handleGenerate } from './handlers/generate.ts';
import { handleInitialize } from './handlers/initialize.ts';
import { handleInlineCompletion } from './handlers/inlineCompletion.ts';
import { handleModels } from './handlers/models.ts';
import { handleNotebooks } from './handlers/notebooks.ts';
import { handleNextEdit } from './handlers/nextEdit.ts';
import { handleContext } from './handlers/context.ts';
import { handleCursor } from './handlers/cursor.ts';
import { handleShelf } from './handlers/shelf.ts';
import { handleStatus } from './handlers/status.ts';
import { handleWorkspace } from './handlers/workspace.ts';
import type { Log } from './log.ts';
import { LspConnection } from './lspConnection.ts';
import type { FrontModelSession } from './modelSession.ts';

/** The services that all clients share. */
export interface FrontParts {
  readonly version: string;
  readonly log: Log;
  readonly clients: Clients;
  readonly session: FrontModelSession;
  readonly quietness: Quietness;
  readonly completions: CompletionService;
  readonly statistics: StatisticsCounter;
  readonly editWriter: EditWriter;
  readonly chatService: ChatService;
  readonly dictation: DictationService;
  readonly index: IndexThread;
  /** The folder of evaluated contexts on disk. */
  readonly contextsFolder: string;
  /** The folder of what was learnt from workspaces. */
  readonly learningFolder: string;
  readonly experts: AdoptedExperts;
  readonly shelf: Shelf;
  readonly departure: Departure & { readonly isDraining: boolean };
  readonly onStatusChanged: () => void;
  readonly onClientsChanged: () => void;
}

/** Registers the handlers of an authenticated connection, one file per feature. */
export function serveClient(socket: WebSocket, id: number, parts: FrontParts): void {
  const { clients, completions, editWriter, chatService, departure } = parts;
  const client = new Client(
    id,
    new LspConnection(socket, parts.log, () => (departure.isDraining ? drainingError() : undefined)),
    parts.contextsFolder,
    parts.experts,
  );
  const services = new ClientServices(parts);
  client.services = services;

  handleInitialize(client, services, parts);
  handleDocuments(client);
  handleNotebooks(client);
  handleWorkspace(client, services, parts);
  handleContext(client, services, completions);
  handleInlineCompletion(client, services);
  handleCompletion(client, services);
  handleCursor(client, services, parts.log);
  handleNextEdit(client, services, parts);
  handleFeedback(client, completions);
  handleChat(client, services, parts.index);
  handleEdit(client, services);
  handleCommitMessage(client, services);
  handleGenerate(client, services);
  handleDictation(client, parts.dictation);
  handleModels(client, services, parts);
  handleShelf(client, parts);
  handleCuda(client);
  handleForget(client, parts);
  handleStatus(client, services);
  handleDiagnostics(client, services, parts);
  handleDrain(client, parts);

  clients.add(client);
  parts.onClientsChanged();
  socket.on('close', () => {
    clients.remove(client);
    Promise.all([
      client.files?.close(),
      services.forget(client.key),
      completions.forgetClient(client.key),
      editWriter.forget(client.key),
      chatService.forgetConversations(conversationId(client, '')),
    ]).catch((error: unknown) => parts.log.error('A client that left could not be forgotten', error));
    parts.onClientsChanged();
  });
  if (departure.isDraining) client.connection.close(CloseCodes.drained, DRAINED);
  client.connection.listen();
}

function drainingError(): ResponseError<Trouble> {
  const message = 'This sidecar is being replaced. Connect again to reach the new one.';
  return new ResponseError<Trouble>(TROUBLE_ERROR_CODE, message, { code: 'draining', message });
}
