import type { ClientWorkspace } from './clientWorkspace.ts';

/**
 * The index was lost: every client's workspace is read anew. Where that happened before, the largest is not, for one
 * that no index can hold ends every next one, and the others' with it; where it was not that one, there is one less to
 * read for ever.
 */
export function restartWorkspaces(workspaces: readonly ClientWorkspace[], isRepeated: boolean): void {
  const [largest] = workspaces.toSorted((one, other) => other.state.files - one.state.files);
  for (const workspace of workspaces) {
    if (isRepeated && workspace === largest) workspace.giveUp();
    else workspace.restart();
  }
}
