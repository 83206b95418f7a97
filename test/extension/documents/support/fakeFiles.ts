/** Files in memory behind `vscode.workspace.fs`. Part of the replacement of `vscode` after `useFakeVscode.ts`. */
import type { Uri } from './vscodeValues.ts';

export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };

export class FileSystemError extends Error {
  override readonly name: string;

  constructor(code: 'FileNotFound' | 'NoPermissions' = 'FileNotFound') {
    super(code);
    this.name = `${code} (FileSystemError)`;
  }
}

/** The contents of the file system, set by the test, and a record of the reads. */
export interface FakeFiles {
  /** Path → text. Folders are those of the files. */
  files: Map<string, string>;
  /** Paths below which no call is ever answered. */
  hanging: Set<string>;
  /** Links and their targets. */
  links: Map<string, string>;
  /** Files and folders that may not be read. */
  forbidden: Set<string>;
  /** Sizes of files that are larger than their text. */
  sizes: Map<string, number>;
  /** Files whose text was read. */
  read: string[];
}

export const noFiles = (): FakeFiles => ({
  files: new Map(),
  hanging: new Set(),
  links: new Map(),
  forbidden: new Set(),
  sizes: new Map(),
  read: [],
});

export interface FakeFileSystem {
  stat(uri: Uri): Promise<{ readonly type: number; readonly size: number }>;
  readFile(uri: Uri): Promise<Uint8Array>;
  readDirectory(uri: Uri): Promise<readonly (readonly [name: string, type: number])[]>;
}

/** Returns a file system over the current contents of `fake`. */
export function fileSystemOf(fake: FakeFiles): FakeFileSystem {
  const answer = async <T>(uri: Uri, of: () => T): Promise<T> => {
    if (isHanging(fake, uri.path)) return new Promise<never>(() => {});
    return of();
  };
  return {
    stat: (uri) =>
      answer(uri, () => {
        const type = typeOf(fake, uri.path);
        if (type === undefined) throw new FileSystemError();
        const target = targetOf(fake, uri.path);
        return { type, size: fake.sizes.get(target) ?? Buffer.byteLength(fake.files.get(target) ?? '') };
      }),
    readFile: (uri) =>
      answer(uri, () => {
        const text = fake.files.get(targetOf(fake, uri.path));
        if (text === undefined) throw new FileSystemError();
        if (fake.forbidden.has(uri.path)) throw new FileSystemError('NoPermissions');
        fake.read.push(uri.path);
        return new TextEncoder().encode(text);
      }),
    readDirectory: (uri) =>
      answer(uri, () => {
        if (fake.forbidden.has(uri.path)) throw new FileSystemError('NoPermissions');
        return namesIn(fake, targetOf(fake, uri.path)).map(
          (name) => [name, typeOf(fake, `${uri.path}/${name}`) ?? FileType.SymbolicLink] as const,
        );
      }),
  };
}

/** Node's `realpath` over the current contents of `fake`. */
export async function realPathIn(fake: FakeFiles, path: string): Promise<string> {
  if (isHanging(fake, path)) return new Promise<never>(() => {});
  if (typeOf(fake, path) === undefined) throw new Error('ENOENT');
  return targetOf(fake, path);
}

function isHanging(fake: FakeFiles, path: string): boolean {
  return [...fake.hanging].some((hanging) => `${path}/`.startsWith(`${hanging}/`));
}

/** Returns a path with all links followed. */
function targetOf(fake: FakeFiles, path: string): string {
  const link = [...fake.links.keys()].find((each) => `${path}/`.startsWith(`${each}/`));
  return link === undefined ? path : targetOf(fake, fake.links.get(link) + path.slice(link.length));
}

/**
 * Returns the type with the bit for links, as VS Code does. Returns `undefined` if the path does not exist, or if a
 * link has no target.
 */
function typeOf(fake: FakeFiles, path: string): number | undefined {
  const target = targetOf(fake, path);
  const isFolder = (): boolean => [...fake.files.keys()].some((file) => file.startsWith(`${target}/`));
  const kind = fake.files.has(target) ? FileType.File : isFolder() ? FileType.Directory : undefined;
  return kind !== undefined && fake.links.has(path) ? kind | FileType.SymbolicLink : kind;
}

function namesIn(fake: FakeFiles, folder: string): string[] {
  const paths = [...fake.files.keys(), ...fake.links.keys()].filter((path) => path.startsWith(`${folder}/`));
  return [...new Set(paths.map((path) => path.slice(folder.length + 1).split('/')[0] as string))];
}
