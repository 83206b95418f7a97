import { createTwoFilesPatch } from 'diff';
import { gitFileUri, type UriParts } from './remoteUris.ts';
import type { FileDiff } from './unifiedDiff.ts';

/** The maximum number of changed lines of a file, far more than any model sees of one file. */
const MAX_CHANGED_LINES = 2_000;

/** One changed file of a repository. Both versions are read as files. */
export interface FileChange {
  readonly uri: UriParts;
  /** The file's location at HEAD. It differs from `uri` after a rename. */
  readonly originalUri: UriParts;
  readonly isUntracked: boolean;
}

export interface DiffOptions {
  /** True for the staged changes (the index against HEAD), false for the files against the index. */
  readonly isStaged: boolean;
  /** The path of the repository's root. */
  readonly rootPath: string;
  readonly mayRead: (uri: UriParts) => Promise<boolean>;
  /** Resolves with `undefined` if there is no such text. */
  readonly read: (uri: UriParts) => Promise<string | undefined>;
}

/**
 * Returns the diff of one file as git writes it. Returns `undefined` if the file may not be read under its current or
 * its previous name.
 */
export async function remoteDiff(
  { uri, originalUri, isUntracked }: FileChange,
  options: DiffOptions,
): Promise<FileDiff | undefined> {
  const { isStaged, rootPath, mayRead, read } = options;
  if (!(await mayRead(uri)) || !(await mayRead(originalUri))) return undefined;
  // A `git:` URI with an empty ref reads the index.
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
 * A rewritten file is only named. The time grows with the square of the number of changed lines and blocks the process
 * meanwhile.
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

/** Formats the patch as git does: no line of equal signs, no tabs after the names. */
function withoutTitle(patch: string): string {
  return patch.replace(/^=+\n/, '').replaceAll(/^((?:---|\+\+\+) .*)\t$/gm, '$1');
}
