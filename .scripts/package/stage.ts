/** Fills the folder from which a VSIX is made. Then `.vscodeignore` selects the shipped files, as an allow-list. */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { builtLibraries } from '../../kernels/native/builtLibraries.ts';
import { allParts } from '../../sidecar/models/gguf/validate.ts';
import { BUNDLED_EXPERTS_FILE, BUNDLED_MODEL_FILE, bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { cudaCatalogueOf } from './cudaAddOn.ts';
import { linkOrCopy, linkTree } from './linkTree.ts';
import { nativePackageFolder } from './nativePackages.ts';
import { fixedNotices, thirdPartyNotices } from './notices.ts';
import { manifestWithoutModel } from './openVsx.ts';
import { packageFolderOf, runtimeClosure } from './runtimeClosure.ts';
import { shippedReadme } from './shippedReadme.ts';
import { koffiPackageOf, RECORDER_PACKAGE, recorderFoldersOf, type PackageTarget } from './targets.ts';

/** The modules are beside the bundles, since vsce drops a top-level `node_modules`. */
const SHIPPED_MODULES = 'dist/node_modules';
/** Files that node-llama-cpp reads by path. */
const DATA_FILES = [
  'node_modules/node-llama-cpp/llama/binariesGithubRelease.json',
  'node_modules/node-llama-cpp/llama/llama.cpp.info.json',
];
const LICENCE_FILE = /^(licen[cs]e|notice|copying)/i;

/** The contents that the packages of all platforms share. */
export interface CommonStage {
  readonly root: string;
  readonly folder: string;
  /** Packages whose code ships, in a bundle or as files. */
  readonly packageFolders: readonly string[];
  /** The paths of the default model's parts. */
  readonly modelParts: readonly string[];
}

/** Builds the bundles and gathers the runtime files and the manifest into `folder`. */
export async function stageCommon(root: string, folder: string): Promise<CommonStage> {
  const metafile = path.join(path.dirname(folder), 'metafile.json');
  await mkdir(folder, { recursive: true });
  await execa(
    process.execPath,
    [
      '--import',
      'tsx',
      '.scripts/build.ts',
      '--production',
      '--out',
      path.join(folder, 'dist'),
      '--metafile',
      metafile,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const bundled = (JSON.parse(await readFile(metafile, 'utf8')) as { inputs: string[] }).inputs;

  await writeFile(path.join(folder, 'package.json'), JSON.stringify(await shippedManifest(root), undefined, 2));
  await writeFile(path.join(folder, 'README.md'), shippedReadme(await readFile(path.join(root, 'README.md'), 'utf8')));
  for (const entry of ['LICENSE', '.vscodeignore', 'l10n', 'media']) {
    if (existsSync(path.join(root, entry)))
      await cp(path.join(root, entry), path.join(folder, entry), {
        recursive: true,
        filter: (source) => source !== path.join(root, 'media/models'),
      });
  }
  for (const name of await readdir(root)) {
    if (/^package\.nls(\..+)?\.json$/.test(name)) await copyFile(path.join(root, name), path.join(folder, name));
  }

  const closure = await runtimeClosure(root);
  const runtimeFolders = packageFolders(closure);
  for (const file of [...closure, ...DATA_FILES, ...(await metadataFiles(root, closure, runtimeFolders))]) {
    await copyInto(path.join(root, file), path.join(folder, file.replace(/^node_modules/, SHIPPED_MODULES)));
  }

  const model = await bundledModelPath(path.join(root, 'dist'));
  if (model === undefined)
    throw new Error(
      `There is no ${BUNDLED_MODEL_FILE} in ${path.join(root, 'media/models')}: get it from the repository.`,
    );
  return {
    root,
    folder,
    packageFolders: [...new Set([...packageFolders(bundled), ...runtimeFolders])],
    modelParts: allParts(model),
  };
}

/**
 * Copies the common stage to `folder` and adds the files of one platform. Without the model, the package depends on the
 * extension "Chorus Model".
 */
export async function stageTarget(
  common: CommonStage,
  { target, folder, hasModel }: { readonly target: PackageTarget; readonly folder: string; readonly hasModel: boolean },
): Promise<void> {
  const kernels = builtLibraries[target.name]?.file;
  await linkTree(common.folder, folder, (relative) => {
    if (path.dirname(relative) === path.normalize('dist/kernels')) return path.basename(relative) === kernels;
    return hasModel || relative !== 'package.json';
  });
  await (hasModel ? addModel(common, folder) : dependOnModel(common, folder));
  await addExperts(common, folder);
  const natives: string[] = [];
  for (const name of [...target.nativePackages.map((build) => `@node-llama-cpp/${build}`), koffiPackageOf(target)]) {
    const source = await nativePackageFolder(common.root, name);
    natives.push(source);
    await linkTree(source, path.join(folder, SHIPPED_MODULES, name), isRuntimeFile);
  }
  const recorder = path.join(common.root, 'node_modules', RECORDER_PACKAGE);
  for (const part of recorderFoldersOf(target))
    await linkTree(path.join(recorder, part), path.join(folder, SHIPPED_MODULES, RECORDER_PACKAGE, part));
  const catalogue = await cudaCatalogueOf(common.root, target.name);
  if (catalogue) await writeFile(path.join(folder, 'dist/cuda-addon.json'), JSON.stringify(catalogue));
  const licensed = [...common.packageFolders.map((relative) => path.join(common.root, relative)), ...natives];
  await writeFile(
    path.join(folder, 'THIRD-PARTY-NOTICES.txt'),
    await thirdPartyNotices(licensed, await fixedNotices(common.root)),
  );
}

async function addModel({ root, modelParts }: CommonStage, folder: string): Promise<void> {
  const models = path.join(folder, 'dist/models');
  await mkdir(models, { recursive: true });
  for (const part of modelParts) await linkOrCopy(part, path.join(models, path.basename(part)));
  await copyFile(path.join(root, 'LICENSE'), path.join(models, 'LICENSE'));
}

/** Adds the experts of the bundled model, also where the model is in another extension: that package has no room. */
async function addExperts({ root }: CommonStage, folder: string): Promise<void> {
  const models = path.join(folder, 'dist/models');
  await mkdir(models, { recursive: true });
  await linkOrCopy(path.join(root, 'media/models', BUNDLED_EXPERTS_FILE), path.join(models, BUNDLED_EXPERTS_FILE));
}

async function dependOnModel(common: CommonStage, folder: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(common.folder, 'package.json'), 'utf8')) as object;
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifestWithoutModel(manifest), undefined, 2));
}

/**
 * The builds of ggml for rare processors, which also run a build for older processors: Cannon Lake and Cooper Lake run
 * those of Skylake-X and Cascade Lake, Ivy Bridge and Piledriver that of Sandy Bridge.
 */
const RARE_PROCESSORS = /ggml-cpu-(cannonlake|cooperlake|ivybridge|piledriver)\./;

/**
 * Returns whether a file of a native package is needed at run time. Its README, the import libraries of Windows'
 * linker, the files for musl, and builds for rare processors are not.
 */
function isRuntimeFile(relative: string): boolean {
  return !/^(README\.md|node_modules|musl_)|\.lib$/.test(relative) && !RARE_PROCESSORS.test(relative);
}

/** Returns the manifest without the entries that only a checkout needs. */
async function shippedManifest(root: string): Promise<object> {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown> & {
    scripts?: Record<string, string>;
  };
  const uninstall = manifest.scripts?.['vscode:uninstall'];
  return {
    ...manifest,
    scripts: uninstall ? { 'vscode:uninstall': uninstall } : undefined,
    dependencies: undefined,
    devDependencies: undefined,
  };
}

function packageFolders(files: readonly string[]): readonly string[] {
  return [...new Set(files.map(packageFolderOf).filter((folder) => folder !== undefined))];
}

/** Returns every manifest on the way to a file, since Node reads the nearest one, and each package's licence. */
async function metadataFiles(
  root: string,
  files: readonly string[],
  folders: readonly string[],
): Promise<readonly string[]> {
  const manifests = new Set<string>();
  for (const file of files) {
    const top = packageFolderOf(file);
    for (
      let folder = path.posix.dirname(file);
      top !== undefined && folder.length >= top.length;
      folder = path.posix.dirname(folder)
    ) {
      if (existsSync(path.join(root, folder, 'package.json'))) manifests.add(`${folder}/package.json`);
    }
  }
  const licences = folders.map(async (folder) => {
    const names = (await readdir(path.join(root, folder))).filter((name) => LICENCE_FILE.test(name));
    return names.map((name) => `${folder}/${name}`);
  });
  return [...manifests, ...(await Promise.all(licences)).flat()];
}

async function copyInto(source: string, destination: string): Promise<void> {
  await mkdir(path.dirname(destination), { recursive: true });
  await copyFile(source, destination);
}
