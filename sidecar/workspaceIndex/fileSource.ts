import type {
  WorkspaceDefinitionsParams,
  WorkspaceDefinitionsResult,
  WorkspaceListResult,
  WorkspaceReadResult,
} from '../protocol/client.ts';

/**
 * How one client is asked for its files, and for what its language servers know. All throw where the client fails or
 * goes.
 */
export interface FileSource {
  list(page: number | undefined): Promise<WorkspaceListResult>;
  read(uris: readonly string[]): Promise<WorkspaceReadResult>;
  definitions?(params: WorkspaceDefinitionsParams): Promise<WorkspaceDefinitionsResult>;
}
