import { createTwoFilesPatch } from 'diff';
import { gitFileUri, type UriParts } from './remoteUris.ts';
import type { FileDiff } from './unifiedDiff.ts';

/** Far more than any model is shown of one file. */
const MAX_CHANGED_LINES = 2_000;

/** One changed file of a repository whose two sides are read as files. */
export interface FileChange {
  readonly uri: UriParts;
  /** Where the file is at HEAD; differs from `uri` after a rename. */
  readonly originalUri: UriParts;
  readonly isUntracked: boolean;
}

export interface DiffOptions {
  /** The staged changes: the index against HEAD. Otherwise the files against the index. */
  readonly isStaged: boolean;
  /** Path of the repository's root. */
  readonly rootPath: string;
  readonly mayRead: (uri: UriParts) => Promise<boolean>;
  /** `undefined`: there is no such text. */
  readonly read: (uri: UriParts) => Promise<string | undefined>;
}

/**
 * The diff of one file as git writes it. `undefined`: the file may not be read, be it under its name or under the one
 * it had before.
 */
export async function remoteDiff(
  { uri, originalUri, isUntracked }: FileChange,
  options: DiffOptions,
): Promise<FileDiff | undefined> {
  const { isStaged, rootPath, mayRead, read } = options;
  if (!(await mayRead(uri)) || !(await mayRead(originalUri))) return undefined;
  // `git:` with an empty ref reads the index.
  const before = isUntracked ? '' : await read(gitFileUri(originalUri, isStaged ? 'HEAD' : ''));
  const after = await read(isStaged ? gitFileUri(uri, '') : uri);
  const [previousPath, path] = [originalUri, uri].map((each) => each.path.slice(rootPath.length + 1)) as [
    string,
    string,
  ];
  const patch = patchOf(previousPath, path, before ?? '', after ?? '');
  if (previousPath === path) return { path, text: `diff --git a/${path} b/${path}\n${withoutTitle(patch)}` };
  const renamed = `rename from ${previousPath}\nrename to ${path}\n`;
  return { path, previousPath, text: `diff --git a/${previousPath} b/${path}\n${renamed}${withoutTitle(patch)}` };
}

/**
 * A file that was rewritten is named only: the time grows with the square of the lines that changed, and nothing else
 * of this process is heard meanwhile.
 */
function patchOf(previousPath: string, path: string, before: string, after: string): string {
  const names = [`a/${previousPath}`, `b/${path}`] as const;
  if (before === '' || after === '')
    return createTwoFilesPatch(...names, before, after, undefined, undefined, { context: 3 });
  return (
    createTwoFilesPatch(...names, before, after, undefined, undefined, {
      context: 3,
      maxEditLength: MAX_CHANGED_LINES,
    }) ?? `--- ${names[0]}\n+++ ${names[1]}\n`
  );
}

/** The patch as git writes it: no line of equal signs, no tabs after the names. */
function withoutTitle(patch: string): string {
  return patch.replace(/^=+\n/, '').replaceAll(/^((?:---|\+\+\+) .*)\t$/gm, '$1');
}
