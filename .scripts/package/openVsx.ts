/**
 * The packages for Open VSX, which accepts smaller files than VS Code's marketplace. Chorus itself comes without its
 * model, and depends on the extension "Chorus Model", which holds only that.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  MODEL_EXTENSION_FILES,
  MODEL_EXTENSION_ID,
  MODEL_EXTENSION_VERSION,
} from '../../sidecar/common/modelExtension.ts';
import { linkOrCopy } from './linkTree.ts';
import { modelNotice, noticesOf } from './notices.ts';
import { MAX_OPEN_VSX_BYTES } from './targets.ts';
import { packVsix } from './vsix.ts';

/** The fields of Chorus's manifest that the extension "Chorus Model" shares. */
interface ChorusManifest {
  readonly publisher: string;
  readonly license: string;
  readonly engines: { readonly vscode: string };
  readonly extensionKind: readonly string[];
}

/**
 * Returns Chorus's manifest for a package without its model. The dependency installs the model with Chorus. As a member
 * of a pack, the model is also removed with Chorus.
 */
export function manifestWithoutModel(manifest: object): object {
  return { ...manifest, extensionDependencies: [MODEL_EXTENSION_ID], extensionPack: [MODEL_EXTENSION_ID] };
}

/**
 * Returns the manifest of the extension "Chorus Model". It runs on the same machine as Chorus, and has no entry file.
 */
function modelManifest({ publisher, license, engines, extensionKind }: ChorusManifest): object {
  return {
    name: MODEL_EXTENSION_ID.split('.')[1],
    displayName: 'Chorus Model',
    description: 'The default model of Chorus. It contains no code.',
    version: MODEL_EXTENSION_VERSION,
    publisher,
    license,
    icon: 'icon.png',
    engines: { vscode: engines.vscode },
    categories: ['Machine Learning'],
    extensionKind,
    files: ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.txt', 'icon.png', `${MODEL_EXTENSION_FILES}/*.gguf`],
  };
}

export interface ModelPackaging {
  readonly root: string;
  /** All parts of the model. */
  readonly parts: readonly string[];
  /** A folder that does not exist yet. */
  readonly stage: string;
  readonly outputFolder: string;
  readonly maxBytes?: number;
}

/** Makes the VSIX of the extension "Chorus Model", for all targets. Returns its size. Throws if it is too large. */
export async function packModelExtension(packaging: ModelPackaging): Promise<number> {
  const { root, parts, stage, outputFolder, maxBytes = MAX_OPEN_VSX_BYTES } = packaging;
  const files = path.join(stage, MODEL_EXTENSION_FILES);
  await mkdir(files, { recursive: true });
  for (const part of parts) await linkOrCopy(part, path.join(files, path.basename(part)));
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as ChorusManifest;
  await writeFile(path.join(stage, 'package.json'), JSON.stringify(modelManifest(manifest), undefined, 2));
  await writeFile(path.join(stage, 'THIRD-PARTY-NOTICES.txt'), noticesOf([await modelNotice(root)]));
  await copyFile(path.join(root, 'LICENSE'), path.join(stage, 'LICENSE'));
  await copyFile(path.join(root, '.scripts/package/modelExtension/README.md'), path.join(stage, 'README.md'));
  await copyFile(path.join(root, 'media/icons/chorusIcon.png'), path.join(stage, 'icon.png'));
  return packVsix({
    stage,
    packagePath: path.join(outputFolder, `chorus-model-${MODEL_EXTENSION_VERSION}.vsix`),
    maxBytes,
    scansForSecrets: false,
  });
}
