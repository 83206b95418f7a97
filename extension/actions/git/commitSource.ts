import type * as vscode from 'vscode';
import type { FileDiff } from './unifiedDiff.ts';

/** A repository to write a commit message for, however it is reached. */
export interface CommitSource {
  readonly rootUri: vscode.Uri;
  /**
   * What a commit would hold: the staged changes, or all when none is staged. Only files that `mayRead` allows are
   * read.
   */
  changes(mayRead: MayRead): Promise<FileDiff[]>;
  /** Subjects and bodies of the last commits, newest first; empty where they can't be read. */
  recentMessages(): Promise<readonly string[]>;
  /** What stands in the source control input box; `undefined` where it can't be read. */
  readMessage(): string | undefined;
  /** Puts `message` into the source control input box. `false`: there is no way to that box. */
  setMessage(message: string): Promise<boolean>;
}
export type MayRead = (uri: vscode.Uri) => Promise<boolean>;

/** An untracked or remote file above this size (in bytes) is named in the diff, not shown. */
export const MAX_FILE_BYTES = 256 * 1024;
/**
 * Further files are named in the diff, not read, once so many UTF-16 units of it are there: many times what is sent.
 */
export const MAX_READ_UNITS = 1_000_000;
