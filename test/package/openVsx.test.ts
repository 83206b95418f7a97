import assert from 'node:assert/strict';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findPython } from '../../.scripts/fetchModel.ts';
import { packModelExtension } from '../../.scripts/package/openVsx.ts';
import { sizesText } from '../../.scripts/package/sizes.ts';
import { hostTarget, MAX_OPEN_VSX_BYTES } from '../../.scripts/package/targets.ts';
import { recordInstallation } from '../../sidecar/client/installations.ts';
import { homeFiles } from '../../sidecar/common/home.ts';
import { MODEL_EXTENSION_ID, MODEL_EXTENSION_VERSION } from '../../sidecar/common/modelExtension.ts';
import { allParts } from '../../sidecar/models/gguf/validate.ts';
import { BUNDLED_EXPERTS_FILE, BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { KNOWN_MODEL, sampledSha256 } from '../../sidecar/shelf/knownModel.ts';
import { PATIENCE_MS } from '../patience.ts';
import { Packages } from './packages.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MODEL_FILES = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/THIRD-PARTY-NOTICES.txt',
  'extension/icon.png',
  ...allParts(BUNDLED_MODEL_FILE).map((part) => `extension/models/${part}`),
  'extension/package.json',
  'extension/readme.md',
];

let work: string;
before(async () => {
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-open-vsx-test-'));
});
after(() => rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

/** Unpacks a VSIX into a new folder and returns the extension's folder in it. */
async function unpack(vsix: string): Promise<string> {
  const folder = await mkdtemp(path.join(work, 'unpacked-'));
  await execa(await findPython(), ['-m', 'zipfile', '-e', vsix, folder]);
  return path.join(folder, 'extension');
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

async function manifestOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
}

describe('the extension with the model, made of small parts', () => {
  /** Makes the package of parts of 1 kB, and returns its path. */
  async function packSmall(name: string, maxBytes?: number): Promise<string> {
    const outputFolder = path.join(work, name);
    await mkdir(outputFolder);
    const parts = allParts(path.join(outputFolder, BUNDLED_MODEL_FILE));
    for (const part of parts) await writeFile(part, Buffer.alloc(1_000, path.basename(part)));
    await packModelExtension({
      root,
      parts,
      stage: path.join(outputFolder, 'stage'),
      outputFolder,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    return path.join(outputFolder, `chorus-model-${MODEL_EXTENSION_VERSION}.vsix`);
  }

  it('holds the parts, licences and a README, and no code', async () => {
    const folder = await unpack(await packSmall('contents'));
    assert.deepEqual(await filesOf(path.dirname(folder)), [...MODEL_FILES].sort());
    assert.match(await readFile(path.join(folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8'), /Qwen2\.5-Coder[\s\S]*Apache/);
  });

  it('has a manifest without an entry file, and runs where Chorus runs', async () => {
    const vsix = await packSmall('manifest');
    const folder = await unpack(vsix);
    const manifest = await manifestOf(folder);
    const chorus = await manifestOf(root);
    assert.equal(`${String(manifest['publisher'])}.${String(manifest['name'])}`, MODEL_EXTENSION_ID);
    assert.equal(manifest['publisher'], chorus['publisher']);
    assert.deepEqual(manifest['extensionKind'], chorus['extensionKind']);
    for (const key of ['main', 'browser', 'activationEvents', 'contributes', 'scripts'])
      assert.equal(manifest[key], undefined, key);
    const vsixManifest = await readFile(path.join(path.dirname(folder), 'extension.vsixmanifest'), 'utf8');
    assert.doesNotMatch(vsixManifest, /TargetPlatform/);
  });

  it('fails if it is too large, with the file, its size and the limit', async () => {
    await assert.rejects(
      packSmall('large', 2_000),
      /chorus-model-[\d.]+\.vsix is \d{4,} bytes, at most 2000 are allowed$/,
    );
  });
});

describe('the packages of Open VSX for this platform', () => {
  const target = hostTarget().name;
  let packages: Packages;
  let chorus: string;
  let model: string;
  before(async () => {
    packages = await Packages.open();
    const { version } = (await manifestOf(root)) as { version: string };
    const files = [`chorus-open-vsx-${target}-${version}.vsix`, `chorus-model-${MODEL_EXTENSION_VERSION}.vsix`].map(
      (name) => path.join(packages.folder, name),
    );
    for (const file of files) assert.ok((await stat(file)).size <= MAX_OPEN_VSX_BYTES, file);
    await stat(path.join(packages.folder, `chorus-${target}-${version}.vsix`));
    [chorus, model] = (await Promise.all(files.map((file) => unpack(file)))) as [string, string];
  });
  after(() => packages[Symbol.asyncDispose]());

  it('hold the model in its own extension, on which Chorus depends, and its experts in Chorus', async () => {
    assert.deepEqual(await filesOf(path.dirname(model)), [...MODEL_FILES].sort());
    const files = await filesOf(chorus);
    assert.deepEqual(
      files.filter((file) => file.endsWith('.gguf') || file.startsWith('dist/models/')),
      [`dist/models/${BUNDLED_EXPERTS_FILE}`],
    );
    assert.ok(files.includes('dist/extension.cjs'));
    const { extensionDependencies, extensionPack, devDependencies } = await manifestOf(chorus);
    assert.deepEqual(
      [extensionDependencies, extensionPack, devDependencies],
      [[MODEL_EXTENSION_ID], [MODEL_EXTENSION_ID], undefined],
    );
    // The experts were trained over it.
    assert.match(await readFile(path.join(chorus, 'THIRD-PARTY-NOTICES.txt'), 'utf8'), /Qwen2\.5/);
  });

  it('complete code from a terminal with the model that a window found, and say what to do before', async () => {
    const source = path.join(work, 'sample.ts');
    await writeFile(
      source,
      'export function add(a: number, b: number): number {\n  return a + b;\n}\n\nexport function subtract(a: number, b: number): number {\n  \n}\n',
    );
    const home = homeFiles(path.join(work, 'chorus'));
    await mkdir(home.folder);
    const complete = () =>
      execa(
        process.execPath,
        [
          path.join(chorus, 'dist/cli.mjs'),
          ...['complete', `${source}:6:3`, '--json', '--device', 'cpu', '--timeout', '100'],
        ],
        {
          cwd: work,
          extendEnv: false,
          env: { HOME: work, USERPROFILE: work, CHORUS_HOME: home.folder, PATH: '' },
          timeout: PATIENCE_MS,
          reject: false,
        },
      );
    assert.match((await complete()).stdout, /Chorus Model.* \(chorus\.chorus-model\)\. Install it/);
    await recordInstallation(home, {
      folder: chorus,
      version: '0.1.0',
      modelExtension: { folder: model, version: MODEL_EXTENSION_VERSION },
    });
    const { stdout } = await complete();
    assert.equal((JSON.parse(stdout) as { text: string }).text, 'return a - b;');
  });
});

describe('the version of the extension with the model', () => {
  it('belongs to these files, so that each change of the files needs the next version', async () => {
    const first = path.join(root, 'media/models', BUNDLED_MODEL_FILE);
    const hash = createHash('sha256');
    const sizesBytes: number[] = [];
    for (const part of allParts(first)) {
      const content = await readFile(part);
      hash.update(content);
      sizesBytes.push(content.length);
    }
    const known = { sizesBytes, sampledSha256: await sampledSha256(first) };
    assert.deepEqual(
      { version: MODEL_EXTENSION_VERSION, sha256: hash.digest('hex'), known: KNOWN_MODEL },
      { version: '1.0.0', sha256: '564d34fa50d9d0641b4343bc0a2b3ddf473828a422b64aebe9f64e46515ca6f0', known },
    );
  });
});

describe('the page of sizes', () => {
  it('has a row for each target and one for the extension with the model', () => {
    const text = sizesText({
      packages: [{ target: 'linux-x64', sizeBytes: 292_000_000, openVsxBytes: 38_000_000 }],
      modelBytes: 253_600_000,
    });
    assert.match(text, /^\| linux-x64 \| 292\.0 \| 38\.0 \|\n\| Chorus Model, for all targets \| \| 253\.6 \|$/m);
  });
});
