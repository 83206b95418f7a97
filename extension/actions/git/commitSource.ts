import type * as vscode from 'vscode';
import type { FileDiff } from './unifiedDiff.ts';

/** A repository that needs a commit message, reached through the API or through commands. */
export interface CommitSource {
  readonly rootUri: vscode.Uri;
  /**
   * Reads the contents of the next commit: the staged changes, or all changes if none is staged. Reads only files that
   * `mayRead` allows.
   */
  changes(mayRead: MayRead): Promise<FileDiff[]>;
  /** Subjects and bodies of the last commits, newest first. Empty if the log can't be read. */
  recentMessages(): Promise<readonly string[]>;
  /** The text in the source control input box, or `undefined` if it can't be read. */
  readMessage(): string | undefined;
  /** Puts `message` into the source control input box. Resolves with `false` if the box can't be reached. */
  setMessage(message: string): Promise<boolean>;
}
export type MayRead = (uri: vscode.Uri) => Promise<boolean>;

/** An untracked or remote file above this size (in bytes) is only named in the diff. */
export const MAX_FILE_BYTES = 256 * 1024;
/**
 * Once the diff has this many UTF-16 units, further files are named in it but not read. This is many times the amount
 * that is sent.
 */
export const MAX_READ_UNITS = 1_000_000;
