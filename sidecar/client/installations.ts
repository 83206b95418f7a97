import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, chmod, lstat, mkdir, open, readdir, realpath, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from '../common/home.ts';
import { isPrivate } from '../common/isPrivate.ts';
import type { ModelExtension } from '../common/modelExtension.ts';
import { parseJson } from '../common/parseJson.ts';
import { compareVersions } from '../common/compareVersions.ts';
import { writeWhole } from '../common/writeWhole.ts';

/** Windows has no `O_NOFOLLOW`. */
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;

/**
 * The extension in the folder of one product. VS Code, Insiders, Cursor and VSCodium each have a copy, and share the
 * per-user folder.
 */
export interface Installation {
  readonly folder: string;
  readonly version: string;
  /** The extension with the default model, if the product has it. */
  readonly modelExtension?: ModelExtension | undefined;
}

/** The extensions with the default model that products have recorded. */
export interface RecordedModelExtensions {
  /** Only this user or root can have changed these. Their paths have no links. */
  readonly trusted: readonly ModelExtension[];
  /** The paths of records and folders that name or hold a model, and that others can change. */
  readonly ignored: readonly string[];
}

/** The content of a record's file. */
interface InstallationRecord extends Installation {
  readonly text: string;
  /** Whether only this user can read and write the file. */
  readonly isPrivate: boolean;
}

/**
 * Records that a product has the extension, for `isInstalled`. Removes the records of deleted copies, so that updates
 * do not accumulate.
 */
export async function recordInstallation(
  { installationsFolder }: Home,
  { folder, version, modelExtension }: Installation,
): Promise<void> {
  const installation: Installation = { folder: await realpath(folder), version, modelExtension };
  // Each installation has its own file, so that products that start at once do not overwrite each other's record.
  const file = path.join(
    installationsFolder,
    `${createHash('sha256').update(installation.folder).digest('hex').slice(0, 16)}.json`,
  );
  const text = JSON.stringify(installation);
  const present = await readInstallation(file);
  if (present?.text === text && present.isPrivate && (await isPrivateFolder(installationsFolder))) return;
  await mkdir(installationsFolder, { recursive: true, mode: 0o700 });
  if (!(await isPrivateFolder(installationsFolder))) await makePrivate(installationsFolder);
  for (const recorded of await recordedInstallations(installationsFolder))
    if (!(await isThere(recorded))) await rm(recorded.file, { force: true });
  await writeWhole(file, text);
}

/**
 * Removes the record of an installation that its product deletes, and of older versions beside it: an update leaves
 * those until all are deleted together. The record of a newer version stays, since the product was updated.
 */
export async function forgetInstallation(
  { installationsFolder }: Home,
  { folder, version }: Installation,
): Promise<void> {
  const parent = path.dirname(comparable(await realpath(folder)));
  for (const recorded of await recordedInstallations(installationsFolder)) {
    const isBeside = path.dirname(comparable(recorded.folder)) === parent;
    if (isBeside && compareVersions(recorded.version, version) <= 0) await rm(recorded.file, { force: true });
  }
}

/** Returns whether a recorded installation is still on disk. */
export async function isInstalled({ installationsFolder }: Home): Promise<boolean> {
  for (const recorded of await recordedInstallations(installationsFolder)) if (await isThere(recorded)) return true;
  return false;
}

/**
 * Returns the extensions with the default model that products have recorded. That of the Chorus in `folder` goes first.
 * Records of deleted products are left out. Records and folders that others can change are only named: they could make
 * an installed Chorus load a foreign file.
 */
export async function recordedModelExtensions(
  { installationsFolder }: Home,
  folder: string,
): Promise<RecordedModelExtensions> {
  const own = comparable(await realpath(folder).catch(() => folder));
  const trusted: ModelExtension[] = [];
  const ignored = new Set<string>();
  const isFolderPrivate = await isPrivateFolder(installationsFolder);
  for (const recorded of await recordedInstallations(installationsFolder)) {
    if (!recorded.modelExtension || !(await isThere(recorded))) continue;
    const place = isFolderPrivate ? recorded.file : installationsFolder;
    const found = isFolderPrivate && recorded.isPrivate ? await examine(recorded, recorded.modelExtension) : place;
    if (typeof found === 'string') ignored.add(found);
    else if (found && comparable(recorded.folder) === own) trusted.unshift(found);
    else if (found) trusted.push(found);
  }
  return { trusted, ignored: [...ignored] };
}

/**
 * Returns the extension of a record without links in its path, or the path of a folder that others can change, or
 * undefined if the extension is gone or a path is relative.
 */
async function examine(
  recorded: Installation,
  { folder, version }: ModelExtension,
): Promise<ModelExtension | string | undefined> {
  if (!path.isAbsolute(recorded.folder) || !path.isAbsolute(folder)) return undefined;
  try {
    const real = await realpath(folder);
    for (const each of [await realpath(recorded.folder), real]) if (!isClosedToWriters(await stat(each))) return each;
    return { folder: real, version };
  } catch {
    return undefined;
  }
}

async function recordedInstallations(
  installationsFolder: string,
): Promise<(InstallationRecord & { readonly file: string })[]> {
  const names = await readdir(installationsFolder).catch(() => []);
  const read = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => {
      const file = path.join(installationsFolder, name);
      const installation = await readInstallation(file);
      return installation ? [{ ...installation, file }] : [];
    });
  return (await Promise.all(read)).flat();
}

/** Reads a record's file. Returns `undefined` if it is missing, is a link, or has another shape. */
async function readInstallation(file: string): Promise<InstallationRecord | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, O_RDONLY | O_NOFOLLOW);
    const status = await handle.stat();
    const text = await handle.readFile('utf8');
    const record = parseJson(text) as Partial<Record<keyof Installation, unknown>>;
    const { modelExtension } = record;
    if (!isVersionedFolder(record)) return undefined;
    const { folder, version } = record;
    return {
      folder,
      version,
      ...(isVersionedFolder(modelExtension) ? { modelExtension } : {}),
      text,
      isPrivate: isPrivate(status),
    };
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

function isVersionedFolder(value: unknown): value is ModelExtension {
  const { folder, version } = (value ?? {}) as Partial<Record<keyof ModelExtension, unknown>>;
  return typeof folder === 'string' && typeof version === 'string';
}

/** A folder may outlast its extension if another program has a file in it open, so this looks for package.json. */
function isThere({ folder }: Installation): Promise<boolean> {
  return access(path.join(folder, 'package.json')).then(
    () => true,
    () => false,
  );
}

/** On Windows the extension and its uninstall hook may get drive letters in different case. */
function comparable(folder: string): string {
  return process.platform === 'win32' ? folder.toLowerCase() : folder;
}

async function isPrivateFolder(folder: string): Promise<boolean> {
  const status = await lstat(folder).catch(() => undefined);
  return status !== undefined && status.isDirectory() && isPrivate(status);
}

/** Closes a folder of this user to others. A link, or a folder of another user, stays as it is, and is not trusted. */
async function makePrivate(folder: string): Promise<void> {
  if ((await lstat(folder)).isDirectory()) await chmod(folder, 0o700).catch(() => undefined);
}

/** Returns whether only this user or root can change the content of a folder. Windows has no such bits. */
function isClosedToWriters({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return process.platform === 'win32' || ((uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0);
}
