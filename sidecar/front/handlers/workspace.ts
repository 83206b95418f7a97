import type { EditWriter } from '../../completion/rewriting/editWriter.ts';
import type { CompletionService } from '../../completion/completionService.ts';
import { ClientWorkspace } from '../../workspaceIndex/clientWorkspace.ts';
import type { IndexThread } from '../../workspaceIndex/indexThread.ts';
import { placeOf } from '../../workspaceIndex/notebookUris.ts';
import {
  WORKSPACE_CHANGE_NOTIFICATION,
  WORKSPACE_DEFINITIONS_REQUEST,
  WORKSPACE_LIST_REQUEST,
  WORKSPACE_READ_REQUEST,
  WORKSPACE_TABS_NOTIFICATION,
} from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { ClientServices } from '../clientServices.ts';
import type { Log } from '../log.ts';
import {
  nothing,
  workspaceChange,
  workspaceDefinitions,
  workspaceList,
  workspaceRead,
  workspaceTabs,
} from '../schemas.ts';

export interface WorkspaceServices {
  readonly index: IndexThread;
  readonly completions: Pick<CompletionService, 'documentChanged'>;
  readonly editWriter: Pick<EditWriter, 'stop'>;
  readonly log: Log;
}

/** Requests the client's files and handles their changes. */
export function handleWorkspace(
  client: Client,
  services: Pick<ClientServices, 'workspaceReset'>,
  { index, completions, editWriter, log }: WorkspaceServices,
): void {
  const { connection, documents } = client;
  const workspace = new ClientWorkspace({
    key: client.indexKey,
    thread: index,
    source: {
      list: (page) => {
        if (!client.providesWorkspace) return Promise.resolve({ files: [] });
        return connection.request(WORKSPACE_LIST_REQUEST, { page }, workspaceList);
      },
      read: (uris) => {
        if (!client.providesWorkspace) return Promise.resolve({ files: [], remaining: [] });
        return connection.request(WORKSPACE_READ_REQUEST, { uris }, workspaceRead);
      },
      definitions: (params) => {
        if (!client.providesWorkspace) return Promise.resolve({ definitions: [], problems: [] });
        return connection.request(WORKSPACE_DEFINITIONS_REQUEST, params, workspaceDefinitions);
      },
    },
    openUris: () => documents.uris,
    openText: (uri) => documents.get(uri)?.getText(),
    openLanguage: (uri) => documents.get(uri)?.languageId,
    pathOf: (uri) => pathOf(uri, client.folders),
    log: (line) => log.info(line),
  });
  client.files = workspace;
  /** A single document needs no index, and many clients never open a second. */
  const isWorthwhile = (): boolean => client.providesWorkspace || documents.count > 1;
  /**
   * Starts or stops the index as the settings say. `isAsked`: the client asked, so an index that failed is tried again.
   */
  const apply = (isAsked: boolean): void => {
    const isOn = workspace.state.state !== 'off';
    const isWanted = client.settings.context?.workspace !== false && isWorthwhile();
    if (isWanted && !isOn && (isAsked || !workspace.isGivenUp)) workspace.start();
    if (!isWanted && (isOn || workspace.isGivenUp))
      workspace.stop().catch((error: unknown) => log.error('An index could not be dropped', error));
  };
  documents.onDidChange = (uri, change) => {
    workspace.documentChanged(uri, change);
    if (change.kind === 'opened') apply(false);
    if (change.kind === 'changed') completions.documentChanged(client.key);
    editWriter.stop(client.key);
  };
  connection.onNotification('initialized', nothing, () => apply(true));
  connection.onNotification('workspace/didChangeConfiguration', nothing, () => apply(true));
  connection.onNotification(WORKSPACE_CHANGE_NOTIFICATION, workspaceChange, (change) => {
    workspace.changed(change);
    if (change.reset !== true) return;
    client.journal.clear();
    services.workspaceReset(client.key);
  });
  connection.onNotification(WORKSPACE_TABS_NOTIFICATION, workspaceTabs, ({ uris }) => workspace.tabsChanged(uris));
}

/**
 * Returns a document's path below the workspace's folders, or its name if it lies elsewhere. A notebook cell has its
 * notebook's path.
 */
function pathOf(documentUri: string, folders: readonly string[]): string {
  const place = placeOf(documentUri);
  const folder = folders.map((each) => placeOf(each).replace(/\/$/, '')).find((each) => place.startsWith(`${each}/`));
  const path = folder === undefined ? place.slice(place.lastIndexOf('/') + 1) : place.slice(folder.length + 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
