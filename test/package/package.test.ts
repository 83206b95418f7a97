import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { builtLibraries } from '../../kernels/native/builtLibraries.ts';
import { fileURLToPath } from 'node:url';
import { findPython } from '../../.scripts/fetchModel.ts';
import {
  hostTarget,
  koffiPackageOf,
  MAX_VSIX_BYTES,
  RECORDER_PACKAGE,
  recorderFoldersOf,
} from '../../.scripts/package/targets.ts';
import { PATIENCE_MS } from '../patience.ts';
import { Packages } from './packages.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const target = hostTarget();

const MODEL_PARTS = [1, 2, 3].map((part) => `models/Chorus-0.5B-0000${part}-of-00003.gguf`);

/** The files that a package may contain. */
const ALLOWED: readonly RegExp[] = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/package\.json$/,
  /^extension\/package\.nls(\.[a-zA-Z-]+)?\.json$/,
  /^extension\/(readme\.md|README\.md|LICENSE\.txt|THIRD-PARTY-NOTICES\.txt)$/,
  /^extension\/l10n\/bundle\.l10n(\.[a-zA-Z-]+)?\.json$/,
  /^extension\/dist\/((extension|extensionLibraries|context)\.cjs|(sidecar|engine|workshop|chatTemplate|train|microphone|lifeline|cli|uninstall|nodeLlamaCpp)\.mjs)(\.LEGAL\.txt)?$/,
  /^extension\/dist\/cuda-addon\.json$/,
  /^extension\/dist\/grammars\/tree-sitter(-[a-z-]+)?\.wasm$/,
  new RegExp(`^extension/dist/kernels/chorus-kernels-${target.name}\\.(so|dll|dylib)$`),
  /^extension\/dist\/media\/[\w-]+\.(js|css)(\.LEGAL\.txt)?$/,
  /^extension\/dist\/models\/(Chorus-0\.5B(-0000[123]-of-00003|\.experts)\.gguf|LICENSE)$/,
  /^extension\/media\/[\w/-]+\.(svg|png|css|md)$/,
  /^extension\/dist\/node_modules\/(.+\/)?(package\.json|licen[cs]e[^/]*|notice[^/]*|copying[^/]*)$/i,
  /^extension\/dist\/node_modules\/(?!@node-llama-cpp\/|@koromix\/)[\w@/.-]+\.(js|cjs|mjs|json)$/,
  new RegExp(
    `^extension/dist/node_modules/${koffiPackageOf(target)}/(index\\.js|(linux|darwin|win32)_\\w+/koffi\\.node)$`,
  ),
  ...recorderFoldersOf(target).map(
    (folder) => new RegExp(`^extension/dist/node_modules/${RECORDER_PACKAGE}/${folder}/pv_recorder\\.node$`),
  ),
  ...target.nativePackages.flatMap((name) => [
    new RegExp(`^extension/dist/node_modules/@node-llama-cpp/${name}/dist/index\\.js$`),
    new RegExp(
      `^extension/dist/node_modules/@node-llama-cpp/${name}/bins/${name}/(_nlcBuildMetadata\\.json|[\\w.-]+\\.(so|node|dylib|dll|metal))$`,
    ),
  ]),
];

let work: string;
let packages: Packages;
let vsix: string;
let unpacked: string;
let files: readonly string[];

before(async () => {
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-package-test-'));
  packages = await Packages.open();
  vsix = await packages.named(`chorus-${target.name}-`);
  unpacked = path.join(work, 'unpacked');
  await mkdir(unpacked);
  await execa(await findPython(), ['-m', 'zipfile', '-e', vsix, unpacked]);
  const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(unpacked, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
});
after(async () => {
  await packages[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

describe("this platform's package", () => {
  it('is at most 300 MB large and is made for this platform alone', async () => {
    assert.ok((await stat(vsix)).size <= MAX_VSIX_BYTES);
    assert.match(
      await readFile(path.join(unpacked, 'extension.vsixmanifest'), 'utf8'),
      new RegExp(`TargetPlatform="${target.name}"`),
    );
  });

  it('contains only allowed files: no source map, no test, no source, no library of another platform', () => {
    assert.deepEqual(
      files.filter((file) => !ALLOWED.some((allowed) => allowed.test(file))),
      [],
    );
    assert.deepEqual(
      files.filter((file) => /\.(map|ts|tsx)$|(^|\/)tests?\//.test(file)),
      [],
    );
  });

  it('contains all needed files', () => {
    for (const name of [
      'extension.cjs',
      'extensionLibraries.cjs',
      'context.cjs',
      'grammars/tree-sitter.wasm',
      'grammars/tree-sitter-python.wasm',
      'sidecar.mjs',
      'engine.mjs',
      'nodeLlamaCpp.mjs',
      'workshop.mjs',
      'chatTemplate.mjs',
      'microphone.mjs',
      'lifeline.mjs',
      'cli.mjs',
      'uninstall.mjs',
      ...(target.name in builtLibraries ? [`kernels/${builtLibraries[target.name]!.file}`] : []),
      ...MODEL_PARTS,
      'models/Chorus-0.5B.experts.gguf',
      'models/LICENSE',
    ]) {
      assert.ok(files.includes(`extension/dist/${name}`), name);
    }
    assert.ok(
      files.some(
        (file) => file.startsWith(`extension/dist/node_modules/${koffiPackageOf(target)}/`) && file.endsWith('.node'),
      ),
      koffiPackageOf(target),
    );
    for (const folder of recorderFoldersOf(target))
      assert.ok(files.includes(`extension/dist/node_modules/${RECORDER_PACKAGE}/${folder}/pv_recorder.node`), folder);
    for (const name of target.nativePackages)
      assert.ok(
        files.includes(`extension/dist/node_modules/@node-llama-cpp/${name}/bins/${name}/llama-addon.node`),
        name,
      );
  });

  it('has a manifest without the scripts and dependencies of a checkout', async () => {
    const manifest = JSON.parse(await readFile(path.join(unpacked, 'extension/package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [manifest['scripts'], manifest['dependencies'], manifest['devDependencies']],
      [{ 'vscode:uninstall': 'node ./dist/uninstall.mjs' }, undefined, undefined],
    );
  });

  it('names every included package, the libraries and the model in its notices', async () => {
    const notices = await readFile(path.join(unpacked, 'extension/THIRD-PARTY-NOTICES.txt'), 'utf8');
    const inside = files.filter((file) =>
      /^extension\/dist\/node_modules\/(.+\/node_modules\/)?(@[^/]+\/)?[^/]+\/package\.json$/.test(file),
    );
    assert.ok(inside.length > 30);
    for (const file of inside) {
      const { name, version } = JSON.parse(await readFile(path.join(unpacked, file), 'utf8')) as {
        name: string;
        version: string;
      };
      assert.ok(notices.includes(`\n${name} ${version}\n`), `${name} ${version}`);
    }
    for (const part of [
      'llama.cpp and ggml',
      'Qwen2.5-Coder-0.5B-Instruct',
      'tree-sitter-python',
      '\nws ',
      '\nzod ',
      '\nvscode-languageclient ',
    ])
      assert.ok(notices.includes(part), part);
  });

  it('contains no path of the machine that built it', async () => {
    const traces = [root, os.homedir(), work, packages.folder]
      .filter((folder) => folder.length > 6)
      .map((folder) => Buffer.from(folder));
    for (const file of files) {
      const content = await readFile(path.join(unpacked, file));
      for (const trace of traces) assert.ok(!content.includes(trace), `${file} names ${trace.toString()}`);
    }
  });

  it('completes code on a machine with no network, no Node and no other files of the project', async () => {
    const source = path.join(work, 'sample.ts');
    await writeFile(
      source,
      'export function add(a: number, b: number): number {\n  return a + b;\n}\n\nexport function subtract(a: number, b: number): number {\n  \n}\n',
    );
    const environment = {
      HOME: path.join(work, 'home'),
      USERPROFILE: path.join(work, 'home'),
      CHORUS_HOME: path.join(work, 'chorus'),
      PATH: '',
    };
    const cli = path.join(unpacked, 'extension/dist/cli.mjs');
    const [program, ...commandLine] = await withoutNetwork([
      process.execPath,
      cli,
      'complete',
      `${source}:6:3`,
      '--json',
      '--device',
      'cpu',
      '--timeout',
      '100',
    ]);
    const { stdout } = await execa(program as string, commandLine, {
      cwd: work,
      extendEnv: false,
      env: environment,
      timeout: PATIENCE_MS,
    });
    assert.equal((JSON.parse(stdout) as { text: string }).text, 'return a - b;');
  });
});

/**
 * Returns the command line in its own network namespace, which has only the loopback device. Only Linux has such
 * namespaces.
 */
async function withoutNetwork(commandLine: readonly string[]): Promise<readonly string[]> {
  if (process.platform !== 'linux') return commandLine;
  // With an empty PATH only a real program starts, not a launcher script of a version manager.
  const python = (await execa(await findPython(), ['-c', 'import sys; print(sys.executable)'])).stdout;
  const unshare = (await execa('which', ['unshare'])).stdout;
  // SIOCSIFFLAGS, IFF_UP | IFF_RUNNING: the loopback device of a new namespace is down.
  const loopbackUp =
    'import fcntl,os,socket,struct,sys; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14s", b"lo", 0x41, b"")); os.execv(sys.argv[1], sys.argv[1:])';
  return [unshare, '--map-root-user', '--net', python, '-c', loopbackUp, ...commandLine];
}
