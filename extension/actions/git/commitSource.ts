import * as vscode from 'vscode';
import { openRepositories } from './gitApi.ts';
import { apiSource } from './apiSource.ts';
import { commandSources } from './commandSource.ts';
import type { FileDiff } from './unifiedDiff.ts';

/** A repository to write a commit message for, however it is reached. */
export interface CommitSource {
  readonly rootUri: vscode.Uri;
  /** What a commit would hold: the staged changes, or all when none is staged. Only files that `mayRead` allows are read. */
  changes(mayRead: MayRead): Promise<FileDiff[]>;
  /** Subjects and bodies of the last commits, newest first; empty where they can't be read. */
  recentMessages(): Promise<readonly string[]>;
  /** Puts `message` into the source control input box. `false`: there is no way to that box. */
  setMessage(message: string): Promise<boolean>;
}
export type MayRead = (uri: vscode.Uri) => Promise<boolean>;

/** An untracked or remote file above this size (in bytes) is named in the diff, not shown. */
export const MAX_FILE_BYTES = 256 * 1024;

/**
 * All repositories of the window: through the git extension's API where it runs beside Chorus, else, in a remote window, through its commands,
 * its `git:` file system and the input box's document, which VS Code carries across.
 */
export async function commitSources(): Promise<readonly CommitSource[]> {
  const repositories = await openRepositories();
  return repositories ? repositories.map(apiSource) : commandSources();
}

/** Reads a text file. `undefined`: it is no text, too large, or can't be read. */
export async function readText(uri: vscode.Uri): Promise<string | undefined> {
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > MAX_FILE_BYTES) return undefined;
    const bytes = await vscode.workspace.fs.readFile(uri);
    return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}
