/** The parts of the built-in git extension's API (version 1) that Chorus uses, and how to reach it. */
import * as vscode from 'vscode';

export interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
  readonly state: {
    readonly HEAD: { readonly commit?: string } | undefined;
    readonly indexChanges: readonly GitChange[];
    readonly workingTreeChanges: readonly GitChange[];
    /** Absent before VS Code 1.87. */
    readonly untrackedChanges?: readonly GitChange[];
  };
  status(): Promise<void>;
  diff(cached?: boolean): Promise<string>;
  log(options?: { readonly maxEntries?: number }): Promise<readonly { readonly message: string }[]>;
}
interface GitChange {
  readonly uri: vscode.Uri;
  readonly status: number;
}
/** `Status.UNTRACKED` of the git extension. */
export const UNTRACKED = 7;

interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): { readonly repositories: readonly GitRepository[] };
}

/**
 * Returns the repositories that the git extension has open. Returns `undefined` if the extension runs on the other side
 * of a remote window, or is switched off.
 */
export async function openRepositories(): Promise<readonly GitRepository[] | undefined> {
  const extension = vscode.extensions.getExtension<GitExtension>('vscode.git');
  if (!extension) return undefined;
  const git = extension.isActive ? extension.exports : await extension.activate();
  return git.enabled ? git.getAPI(1).repositories : undefined;
}
