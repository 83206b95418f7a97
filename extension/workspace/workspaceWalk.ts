import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { limitedFiles } from '../documents/limitedFiles.ts';

/** Folders with generated or downloaded files, in every language, with or without an ignore file. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  '__pycache__',
  '.venv',
  'venv',
  '.tox',
  '.mypy_cache',
  '.gradle',
  '.idea',
  '.vs',
  '.yarn',
  '.pnpm-store',
]);
/** Endings that no source has, so that the file need not be read to find out. */
const BINARY_ENDING =
  /\.(?:png|jpe?g|gif|webp|bmp|ico|icns|tiff?|psd|svgz?|mp[34g]|m4[av]|wav|ogg|flac|avi|mov|mkv|webm|zip|t?gz|t?xz|bz2|zst|7z|rar|tar|jar|war|class|o|a|so|dylib|dll|exe|pdb|obj|lib|bin|dat|wasm|pyc|pyo|whl|gguf|safetensors|onnx|pt|pth|npy|npz|parquet|arrow|db|sqlite3?|woff2?|ttf|otf|eot|pdf|docx?|xlsx?|pptx?|min\.(?:js|css)|map|lock|snap)$/i;
const BINARY_NAMES: ReadonlySet<string> = new Set(['package-lock.json', 'pnpm-lock.yaml', 'npm-shrinkwrap.json']);
const MAX_DEPTH = 40;

export interface WalkOptions {
  readonly onSkipped: (line: string) => void;
  /** Called for an omitted entry that gets no log line of its own. */
  readonly onLeftOut?: (reason: 'links' | 'tooDeep') => void;
  /** Called with the names in a folder before any of them is judged. */
  readonly onFolder?: (names: readonly string[]) => void;
  /** The depth of the root below its workspace folder. By default the root is that folder. */
  readonly depth?: number;
}

/**
 * Finds the files of a folder that the model may read, breadth first, through `vscode.workspace.fs`. Skips everything
 * below an ignored folder. Does not follow links, which avoids loops, files outside the workspace, and secrets under
 * another name. Logs one line for a folder that can't be read.
 */
export async function* walkFolder(
  root: vscode.Uri,
  policy: Pick<DocumentPolicy, 'judgeName' | 'forbidsFolder'>,
  { onSkipped, onLeftOut, onFolder, depth: rootDepth = 0 }: WalkOptions,
): AsyncGenerator<vscode.Uri> {
  const folders = [{ uri: root, depth: rootDepth }];
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const { uri: folder, depth } = next;
    if (depth > MAX_DEPTH) {
      onLeftOut?.('tooDeep');
      continue;
    }
    const entries = await limitedFiles.readDirectory(folder).catch((error: unknown) => {
      onSkipped(`A folder of the workspace was left out: ${error instanceof Error ? error.name : String(error)}`);
      return [];
    });
    onFolder?.(entries.map(([name]) => name));
    for (const [name, type] of entries) {
      const uri = vscode.Uri.joinPath(folder, name);
      if (type === vscode.FileType.Directory) {
        if (!SKIPPED_FOLDERS.has(name) && !(await policy.forbidsFolder(uri))) folders.push({ uri, depth: depth + 1 });
      } else if (type === vscode.FileType.File && mayBeText(name)) {
        if ((await policy.judgeName(uri)) === 'allowed') yield uri;
      } else if ((type & vscode.FileType.SymbolicLink) !== 0 && mayBeText(name) && !SKIPPED_FOLDERS.has(name)) {
        onLeftOut?.('links');
      }
    }
  }
}

/** Returns whether a file may be text that a model should read, judged by its name. */
export function mayBeText(name: string): boolean {
  return !BINARY_ENDING.test(name) && !BINARY_NAMES.has(name);
}

/** Returns whether a path leads through a folder that is never walked. */
export function isInSkippedFolder(path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((segment) => SKIPPED_FOLDERS.has(segment));
}
