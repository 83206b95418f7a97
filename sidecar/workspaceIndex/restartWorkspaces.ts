import type { ClientWorkspace } from './clientWorkspace.ts';

/**
 * Reads every client's workspace again after the index was lost. If that happened before, the largest workspace is
 * given up. A workspace that no index can hold would end every thread, and with it the others' indexes. If the largest
 * was not the cause, at least one workspace less is read again.
 */
export function restartWorkspaces(workspaces: readonly ClientWorkspace[], isRepeated: boolean): void {
  const [largest] = workspaces.toSorted((one, other) => other.state.files - one.state.files);
  for (const workspace of workspaces) {
    if (isRepeated && workspace === largest) workspace.giveUp();
    else workspace.restart();
  }
}
