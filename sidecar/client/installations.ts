import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from '../common/home.ts';
import { isPrivate } from '../common/isPrivate.ts';
import type { ModelExtension } from '../common/modelExtension.ts';
import { parseJson } from '../common/parseJson.ts';
import { compareVersions } from '../common/compareVersions.ts';
import { writeWhole } from '../common/writeWhole.ts';

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
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return;
  await mkdir(installationsFolder, { recursive: true, mode: 0o700 });
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
 * Records that others may have written are left out: they could make an installed Chorus load a foreign file.
 */
export async function recordedModelExtensions(
  { installationsFolder }: Home,
  folder: string,
): Promise<readonly ModelExtension[]> {
  const own = comparable(await realpath(folder).catch(() => folder));
  const found: ModelExtension[] = [];
  for (const recorded of await recordedInstallations(installationsFolder)) {
    const status = await stat(recorded.file).catch(() => undefined);
    if (!recorded.modelExtension || !status || !isPrivate(status)) continue;
    if (comparable(recorded.folder) === own) found.unshift(recorded.modelExtension);
    else found.push(recorded.modelExtension);
  }
  return found;
}

async function recordedInstallations(
  installationsFolder: string,
): Promise<(Installation & { readonly file: string })[]> {
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

async function readInstallation(file: string): Promise<Installation | undefined> {
  try {
    const record = parseJson(await readFile(file, 'utf8')) as Partial<Record<keyof Installation, unknown>>;
    const { modelExtension } = record;
    if (!isVersionedFolder(record)) return undefined;
    const { folder, version } = record;
    return { folder, version, ...(isVersionedFolder(modelExtension) ? { modelExtension } : {}) };
  } catch {
    return undefined;
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
