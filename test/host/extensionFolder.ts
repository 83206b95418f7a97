/** Installs Chorus as an extension: the built files with the repository's own dependencies beside them. */
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { extensionsFolder } from './codeServer.ts';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
const SHIPPED_FOLDERS = ['media', 'l10n'];
const modelsFolder = path.join(repository, 'media', 'models');

interface Manifest {
  readonly publisher: string;
  readonly name: string;
  version: string;
}

export interface InstallOptions {
  /** The version to claim instead of the manifest's. */
  readonly version?: string;
  /** The folder of the bundles (default: the repository's `dist`). */
  readonly bundles?: string;
  /** Whether to include the bundled model, as in a package. */
  readonly hasModel?: boolean;
}

/** Puts the built extension into a server's extensions folder. Returns its folder. */
export async function installBuiltExtension(
  serverFolder: string,
  { version, bundles = path.join(repository, 'dist'), hasModel = false }: InstallOptions = {},
): Promise<string> {
  if (!existsSync(path.join(bundles, 'extension.cjs')))
    throw new Error(`There is no extension.cjs in ${bundles}: run npm run build first`);
  const manifest = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as Manifest;
  manifest.version = version ?? manifest.version;
  const folder = path.join(
    extensionsFolder(serverFolder),
    `${manifest.publisher}.${manifest.name}-${manifest.version}`,
  );
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  for (const entry of await readdir(repository)) {
    if (SHIPPED_FOLDERS.includes(entry) || /^package\.nls.*\.json$/.test(entry))
      await cp(path.join(repository, entry), path.join(folder, entry), {
        recursive: true,
        filter: (source) => source !== modelsFolder,
      });
  }
  await cp(bundles, path.join(folder, 'dist'), { recursive: true });
  if (hasModel) await symlink(modelsFolder, path.join(folder, 'dist', 'models'), 'dir');
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
  return folder;
}

/** Copies the probe, which represents any other extension. */
export async function installProbe(serverFolder: string): Promise<void> {
  await cp(
    path.join(repository, 'test', 'host', 'probe'),
    path.join(extensionsFolder(serverFolder), 'chorus-test.probe-1.0.0'),
    { recursive: true },
  );
}

/** Copies the sample workspace, so that a run changes nothing in the repository. */
export async function copySampleWorkspace(target: string): Promise<string> {
  await cp(path.join(repository, 'test', 'host', 'workspace'), target, { recursive: true });
  return target;
}
