import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { EXCLUDE_FILE, IGNORE_FILES } from '../../sidecar/privacy/ignoreRules.ts';
import { readTextFile } from '../documents/readTextFile.ts';
import { SECRET_FILES } from '../../sidecar/privacy/secretFiles.ts';
import { readSecretPatterns } from '../settings.ts';

const MAX_FILES = 2_000;
/** The maximum number of found files, including those of packages. */
const MAX_FOUND = 10_000;
const PACKAGES = '**/{node_modules,.git}/**';
const RULES = `**/{${IGNORE_FILES.join(',')}}`;
const EXCLUDES = `**/${EXCLUDE_FILE.folder}/${EXCLUDE_FILE.name}`;
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;
/**
 * The version of the interpretation of rules. 2: rules of the folders above apply below a nested repository. 3: copies
 * made by file managers are secret. 4: a link's target counts as well as its name.
 */
const RULES_VERSION = 4;

/**
 * Returns a digest of the rules that keep files of this workspace from the model. It changes with the rules. Includes
 * rules of the folders above, since a repository may begin there. Calls `onLimit` if there are more rules than are
 * read.
 */
export async function ruleDigest(onLimit: (error: Error) => void): Promise<string> {
  const inside = await findIgnoreFiles(onLimit);
  const above = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) =>
    foldersFrom(uri).flatMap((folder) => [
      ...IGNORE_FILES.map((name) => vscode.Uri.joinPath(folder, name)),
      vscode.Uri.joinPath(folder, EXCLUDE_FILE.folder, EXCLUDE_FILE.name),
    ]),
  );
  const files = new Map([...inside, ...above].map((uri) => [uri.toString(), uri]));
  const texts = await Promise.all(
    [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(async ([key, uri]) => [key, await readTextFile(uri, MAX_IGNORE_FILE_BYTES)] as const),
  );
  const secrets = readSecretPatterns(vscode.workspace.getConfiguration('chorus'));
  return createHash('sha256')
    .update(JSON.stringify([RULES_VERSION, SECRET_FILES, secrets, texts.filter(([, text]) => text !== undefined)]))
    .digest('hex');
}

/**
 * Finds the ignore files below the workspace's folders and the excludes of repositories there, except those of
 * packages. Includes files that `files.exclude` hides, since their rules apply too.
 */
async function findIgnoreFiles(onLimit: (error: Error) => void): Promise<readonly vscode.Uri[]> {
  // A search with an exclude pattern also skips the files that `files.exclude` hides. Without a pattern, packages may
  // use up the limit.
  const [shown, all, excludes] = await Promise.all([find(RULES, PACKAGES), find(RULES, null), find(EXCLUDES, null)]);
  const own = [...all, ...excludes].filter(
    (uri) => !vscode.workspace.asRelativePath(uri, false).split('/').includes('node_modules'),
  );
  // Sorted, so that the limit cuts off the same files each time.
  const files = [...new Map([...inOrder(shown), ...inOrder(own)].map((uri) => [uri.toString(), uri])).values()];
  const isCut = files.length > MAX_FILES || Math.max(all.length, excludes.length) === MAX_FOUND;
  if (isCut)
    onLimit(
      new Error(
        'There are more ignore files than Chorus looks at: a change of some, made while no window is open, may go unnoticed.',
      ),
    );
  return files.slice(0, MAX_FILES);
}

function inOrder(uris: readonly vscode.Uri[]): vscode.Uri[] {
  return [...uris].sort((a, b) => (a.toString() < b.toString() ? -1 : 1));
}

/** If VS Code can't search, only the folders' own files count. */
function find(pattern: string, exclude: string | null): Thenable<readonly vscode.Uri[]> {
  return vscode.workspace.findFiles(pattern, exclude, MAX_FOUND).then(
    (found) => found,
    () => [],
  );
}

/** A folder and all folders above it. */
function foldersFrom(start: vscode.Uri): vscode.Uri[] {
  const folders = [start];
  for (;;) {
    const folder = folders.at(-1) as vscode.Uri;
    const parent = vscode.Uri.joinPath(folder, '..');
    if (folder.path === '/' || folder.path === '' || parent.path === folder.path) return folders;
    folders.push(parent);
  }
}
