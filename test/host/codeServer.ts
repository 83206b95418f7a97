/**
 * A running VS Code server with its own data folders. Extensions are installed into it, windows open its addresses, and
 * `stop` ends all its processes.
 */
import { execa, type ResultPromise } from 'execa';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, HostVersion } from './setup.ts';

export interface CodeServerOptions {
  readonly host: Host;
  /**
   * Holds settings, extensions, logs and the sidecar's home. Use a new folder, since unsaved documents of an earlier
   * run would come back otherwise.
   */
  readonly folder: string;
  readonly settings?: Record<string, unknown>;
  readonly env?: Record<string, string>;
  /** Asks for workspace trust, as a user's VS Code does. If off, every folder is trusted. */
  readonly workspaceTrust?: boolean;
  /** Allows a window to run `--extensionTestsPath`. VS Code then shows no notifications and no dialogs. */
  readonly testDriver?: boolean;
  /** A secret that every address must contain. Without it, any local process may open a window. */
  readonly connectionToken?: string;
}

/** Settings that a user would choose once, and that hide elements which come and go in a test's window. */
const QUIET_SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'editor.inlineSuggest.enabled': true,
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.minimap.enabled': false,
  // Animations cost processor time in a browser without a GPU.
  'editor.cursorBlinking': 'solid',
  'workbench.reduceMotion': 'on',
  // Otherwise TypeScript's server fetches packages of types.
  'typescript.disableAutomaticTypeAcquisition': true,
  'files.autoSave': 'off',
  'window.confirmBeforeClose': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'git.openRepositoryInParentFolders': 'never',
};

export class CodeServer {
  readonly url: string;
  readonly folder: string;
  readonly #process: ResultPromise;
  readonly #options: CodeServerOptions;

  private constructor(options: CodeServerOptions, url: string, process: ResultPromise) {
    this.#options = options;
    this.folder = options.folder;
    this.url = url;
    this.#process = process;
  }

  get version(): HostVersion {
    return this.#options.host.version;
  }

  /** The state folder of the sidecar for this server's windows. */
  get chorusHome(): string {
    return chorusHome(this.#options);
  }

  get logFile(): string {
    return path.join(this.folder, 'server.log');
  }

  /** Starts a server and waits until it answers. Throws an error with the end of its log if it does not. */
  static async start(options: CodeServerOptions): Promise<CodeServer> {
    await mkdir(chorusHome(options), { recursive: true });
    await writeUserSettings(options);
    const port = await freePort();
    const arguments_ = [
      ...['--host', '127.0.0.1', '--port', String(port)],
      ...(options.connectionToken
        ? ['--connection-token-file', await writeToken(options)]
        : ['--without-connection-token']),
      ...['--telemetry-level', 'off', '--disable-telemetry'],
      // Otherwise a closed window keeps its extension host for three hours.
      ...['--reconnection-grace-time', '5'],
      ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(options.testDriver ? ['--enable-smoke-test-driver'] : []),
    ];
    const child = spawnServer(options, arguments_);
    const server = new CodeServer(options, `http://127.0.0.1:${port}`, child);
    try {
      await server.#waitUntilReady();
    } catch (error) {
      await server.stop();
      const log = await readFile(server.logFile, 'utf8');
      throw new Error(
        `VS Code ${options.host.version} didn't start. The end of ${server.logFile}:\n${log.slice(-2_000)}`,
        { cause: error },
      );
    }
    return server;
  }

  /** Returns the address of a window on a folder. `payload` holds pairs in the form of VS Code's web workbench. */
  windowUrl(workspace: string, payload: readonly (readonly [string, string])[] = []): string {
    const query = new URLSearchParams({ [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder']: workspace });
    if (payload.length > 0) query.set('payload', JSON.stringify(payload));
    if (this.#options.connectionToken) query.set('tkn', this.#options.connectionToken);
    return `${this.url}/?${query.toString()}`;
  }

  /** Returns the name of a local file or folder in a window of this server. */
  remoteUri(file: string): string {
    return `vscode-remote://${new URL(this.url).host}${file}`;
  }

  /** Adds settings to the user's at the start. They replace those of an earlier call. */
  async changeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    await writeUserSettings({ ...this.#options, settings: { ...this.#options.settings, ...settings } });
  }

  /** Ends the server with its extension hosts. */
  async stop(): Promise<void> {
    const { pid, exitCode } = this.#process;
    if (pid !== undefined && exitCode === null) {
      this.#process.kill('SIGTERM');
      await Promise.race([this.#process.catch(() => undefined), delay(5_000)]);
    }
    // The process group contains leftovers of the server, such as a busy extension host.
    killGroup(pid);
    await this.#process.catch(() => undefined);
  }

  async #waitUntilReady(): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if (this.#process.exitCode !== null) throw new Error(`the server ended with code ${this.#process.exitCode}`);
      const answer = await fetch(`${this.url}/version`).catch(() => undefined);
      if (answer?.ok) return;
      await delay(100);
    }
    throw new Error('the server answered nothing within 60 s');
  }
}

/**
 * Installs the VSIX of Chorus, and others that it needs, as a user would from the command line. Returns the folder of
 * Chorus.
 */
export async function installVsix(
  options: CodeServerOptions,
  vsix: string,
  others: readonly string[] = [],
): Promise<string> {
  await mkdir(options.folder, { recursive: true });
  for (const file of [vsix, ...others]) await spawnServer(options, ['--install-extension', file, '--force']);
  const installed = await readdir(extensionsFolder(options.folder), { withFileTypes: true });
  const folder = installed.find((entry) => entry.isDirectory() && /^chorus\.chorus-\d/.test(entry.name));
  if (!folder)
    throw new Error(
      `${vsix} was not installed. The end of the log: ${(await readFile(path.join(options.folder, 'server.log'), 'utf8')).slice(-2_000)}`,
    );
  return path.join(extensionsFolder(options.folder), folder.name);
}

function spawnServer(options: CodeServerOptions, arguments_: readonly string[]): ResultPromise {
  const { host, folder } = options;
  const child = execa(
    host.nodePath,
    [
      host.serverMain,
      '--accept-server-license-terms',
      ...[
        '--server-data-dir',
        folder,
        '--user-data-dir',
        path.join(folder, 'data'),
        '--extensions-dir',
        extensionsFolder(folder),
      ],
      ...arguments_,
    ],
    {
      env: { EXTENSIONS_GALLERY: '{"serviceUrl":""}', CHORUS_HOME: chorusHome(options), ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      buffer: false,
    },
  );
  const log = createWriteStream(path.join(folder, 'server.log'), { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  // The terminal does not end the separate process group with this process.
  const endGroup = (): void => killGroup(child.pid);
  process.once('exit', endGroup);
  child.once('exit', () => process.removeListener('exit', endGroup));
  endOnSignals();
  // Callers that need the outcome await the child. Ending it on purpose is no error.
  child.catch(() => undefined);
  return child;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group is already gone.
  }
}

/**
 * Ends the servers when a signal ends the test run. Does nothing in a program that handles signals itself (`npm
 * start`).
 */
function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(1));
  }
}

export function extensionsFolder(serverFolder: string): string {
  return path.join(serverFolder, 'extensions');
}

function chorusHome(options: CodeServerOptions): string {
  return options.env?.['CHORUS_HOME'] ?? path.join(options.folder, 'chorus-home');
}

async function writeUserSettings(options: CodeServerOptions): Promise<void> {
  const file = path.join(options.folder, 'data', 'User', 'settings.json');
  const machineFile = path.join(options.folder, 'data', 'Machine', 'settings.json');
  const settings = JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }, undefined, 2);
  for (const target of [file, machineFile]) {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, settings);
  }
}

async function writeToken(options: CodeServerOptions): Promise<string> {
  const file = path.join(options.folder, 'connection-token');
  await writeFile(file, options.connectionToken ?? '', { mode: 0o600 });
  return file;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
