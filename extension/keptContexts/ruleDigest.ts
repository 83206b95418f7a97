import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { EXCLUDE_FILE, IGNORE_FILES } from '../documents/ignoreRules.ts';
import { readTextFile } from '../documents/readTextFile.ts';
import { SECRET_FILES } from '../../sidecar/privacy/secretFiles.ts';
import { readSecretPatterns } from '../settings.ts';

const MAX_FILES = 2_000;
/** Those of packages among them. */
const MAX_FOUND = 10_000;
const PACKAGES = '**/{node_modules,.git}/**';
const RULES = `**/{${IGNORE_FILES.join(',')}}`;
const EXCLUDES = `**/${EXCLUDE_FILE.folder}/${EXCLUDE_FILE.name}`;
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;
/**
 * Another way of reading the same rules. 2: those of folders above count below a nested repository. 3: copies that file
 * managers make are secret. 4: what a link leads to counts as well as its name.
 */
const RULES_VERSION = 4;

/**
 * Says which rules keep files of this workspace from the model: another digest, other rules. Those of folders above
 * count, since a repository may begin there. `onLimit` is told where there are more than count.
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
 * Ignore files below the workspace's folders and excludes of repositories there, but for those of packages, also where
 * `files.exclude` hides them: they count all the same.
 */
async function findIgnoreFiles(onLimit: (error: Error) => void): Promise<readonly vscode.Uri[]> {
  // With a pattern to exclude, what `files.exclude` names is left out, too; without one, packages may take all places.
  const [shown, all, excludes] = await Promise.all([find(RULES, PACKAGES), find(RULES, null), find(EXCLUDES, null)]);
  const own = [...all, ...excludes].filter(
    (uri) => !vscode.workspace.asRelativePath(uri, false).split('/').includes('node_modules'),
  );
  // In order, so that the same are left out each time.
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

/** Where VS Code can't search, the folders' own files still count. */
function find(pattern: string, exclude: string | null): Thenable<readonly vscode.Uri[]> {
  return vscode.workspace.findFiles(pattern, exclude, MAX_FOUND).then(
    (found) => found,
    () => [],
  );
}

/** A folder and all above it. */
function foldersFrom(start: vscode.Uri): vscode.Uri[] {
  const folders = [start];
  for (;;) {
    const folder = folders.at(-1) as vscode.Uri;
    const parent = vscode.Uri.joinPath(folder, '..');
    if (folder.path === '/' || folder.path === '' || parent.path === folder.path) return folders;
    folders.push(parent);
  }
}
