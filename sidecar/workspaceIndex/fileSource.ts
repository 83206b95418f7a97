import type {
  WorkspaceDefinitionsParams,
  WorkspaceDefinitionsResult,
  WorkspaceListResult,
  WorkspaceReadResult,
} from '../protocol/client.ts';

/**
 * Requests to a client for its files, and for the knowledge of its language servers. All reject if the client fails or
 * disconnects.
 */
export interface FileSource {
  list(page: number | undefined): Promise<WorkspaceListResult>;
  read(uris: readonly string[]): Promise<WorkspaceReadResult>;
  definitions?(params: WorkspaceDefinitionsParams): Promise<WorkspaceDefinitionsResult>;
}
