/**
 * The setup of host tests: a VS Code with the built Chorus, a browser, a copy of the sample workspace for each
 * scenario, and a complete cleanup. The screens of a failing scenario go to `.cache/host-failures/`.
 */
import type { Browser } from 'playwright-core';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import os from 'node:os';
import path from 'node:path';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { homeFiles } from '../../sidecar/common/home.ts';
import { readStateFile, type SidecarState } from '../../sidecar/client/stateFile.ts';
import {
  DIAGNOSTICS_REQUEST,
  STATISTICS_REQUEST,
  STATUS_REQUEST,
  type CompletionStatistics,
  type SidecarStatus,
} from '../../sidecar/protocol/client.ts';
import type { NoParams, RequestType } from '../../sidecar/protocol/messages.ts';
import { RawClient } from '../sidecar/front/support/rawClient.ts';
import { CodeServer, installVsix, type CodeServerOptions } from './codeServer.ts';
import { launchBrowser, Window, type WindowOptions } from './driver.ts';
import { copySampleWorkspace, installBuiltExtension, repository } from './extensionFolder.ts';
import { NEWEST_HOST, setUpHost, type HostVersion } from './setup.ts';
import { isRunning } from '../isRunning.ts';
import { stopSidecar } from './sidecarProcess.ts';
import { waitFor } from './waitFor.ts';

const FAILURES = path.join(repository, '.cache', 'host-failures');

/**
 * The maximum number of attempts. On a busy machine a browser window sometimes loses a key or a click, which is no
 * fault of the tested code. Then the scenario runs again from the start and reports it.
 */
const ATTEMPTS = 2;
const OPEN_ATTEMPTS = 6;

/** Settings that make every run of a scenario equal. */
const STEADY_SETTINGS = {
  // An editor that opens late takes the focus from the palette.
  'workbench.quickOpen.closeOnFocusLost': false,
  // Temperature 0 gives the likeliest words each time.
  'chorus.chat.temperature': 0,
  // Threads that share cores with VS Code and a browser mostly wait for each other.
  'chorus.threads': 1,
};

export interface HostOptions extends Partial<Omit<CodeServerOptions, 'host' | 'folder'>> {
  /** The version that the extension claims. */
  readonly extensionVersion?: string;
  /** The folder of the bundles (default: the repository's `dist`). */
  readonly bundles?: string;
  /** The model in the user's settings (default: the small test model). */
  readonly modelPath?: string;
  /** Whether Chorus uses the bundled model, as in a package. */
  readonly hasModel?: boolean;
  /** A package to install instead of the built files. It uses its own default model. */
  readonly vsix?: string;
  /** Packages that `vsix` needs. */
  readonly otherVsix?: readonly string[];
  /** Runs after the server's folder is created and before the server starts. */
  readonly prepare?: (serverFolder: string) => Promise<void>;
}

/** Defines a test with its own workspace. */
type DefineScenario = (name: string, run: (scenario: Scenario) => Promise<void>) => void;

/**
 * Defines a suite in one VS Code. `define` receives two functions that define scenarios. Those of the first have a new
 * window each. Those of the second share a window, since opening it takes longer than most scenarios. Each begins with
 * the sample workspace and without an open editor.
 */
export function describeHost(
  version: HostVersion,
  define: (scenario: DefineScenario, scenarioInSharedWindow: DefineScenario) => void,
  options: HostOptions = {},
): void {
  describe(`VS Code ${version}`, () => {
    let session: HostSession;
    let shared: Scenario | undefined;
    before(async () => {
      session = await HostSession.start(version, options);
    });
    after(() => session.stop());
    const defineScenario = (name: string, run: (scenario: Scenario) => Promise<void>, isShared: boolean): void => {
      it(name, async () => {
        for (let attempt = 1; ; attempt++) {
          const scenario = isShared && shared ? shared : await session.newScenario();
          try {
            if (scenario === shared) await scenario.startAgain();
            await run(scenario);
            if (isShared) shared = scenario;
            return;
          } catch (error) {
            if (scenario === shared) shared = undefined;
            await scenario.recordFailure(`${version} ${name}`);
            if (attempt === ATTEMPTS) throw error;
            console.log(`${name}: tried again, since ${error instanceof Error ? error.message : String(error)}`);
          } finally {
            if (scenario !== shared) await scenario.closeWindows();
          }
        }
      });
    };
    define(
      (name, run) => defineScenario(name, run, false),
      (name, run) => defineScenario(name, run, true),
    );
  });
}

/** A running VS Code server with Chorus, and a browser. */
export class HostSession {
  readonly server: CodeServer;
  readonly browser: Browser;
  /** The folder in which Chorus is installed. */
  readonly extensionFolder: string;
  /** The model in the user's settings. */
  readonly modelPath: string;
  readonly #folder: string;
  #scenarioCount = 0;

  private constructor(
    server: CodeServer,
    browser: Browser,
    paths: { folder: string; extensionFolder: string; modelPath: string },
  ) {
    this.server = server;
    this.browser = browser;
    this.#folder = paths.folder;
    this.extensionFolder = paths.extensionFolder;
    this.modelPath = paths.modelPath;
  }

  static async start(version: HostVersion, options: HostOptions = {}): Promise<HostSession> {
    const host = await setUpHost(version);
    const modelPath = options.modelPath ?? (await fetchModel());
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-host-'));
    const serverFolder = path.join(folder, 'server');
    try {
      const extensionFolder = options.vsix
        ? await installVsix({ host, folder: serverFolder }, options.vsix, options.otherVsix)
        : await installBuiltExtension(serverFolder, {
            version: options.extensionVersion,
            bundles: options.bundles,
            hasModel: options.hasModel,
          });
      await options.prepare?.(serverFolder);
      const settings = {
        ...STEADY_SETTINGS,
        ...(options.vsix || options.hasModel ? {} : { 'chorus.modelPath': modelPath }),
        ...options.settings,
      };
      const server = await CodeServer.start({ ...options, host, folder: serverFolder, settings });
      try {
        return new HostSession(server, await launchBrowser(), { folder, extensionFolder, modelPath });
      } catch (error) {
        await server.stop();
        throw error;
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Returns a copy of the sample workspace, in a folder whose name has spaces and non-Latin letters. */
  async newScenario(): Promise<Scenario> {
    this.#scenarioCount += 1;
    return new Scenario(
      this,
      await copySampleWorkspace(path.join(this.#folder, `sample ${this.#scenarioCount} пример 例`)),
    );
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    try {
      await this.browser.close();
    } finally {
      await this.server.stop();
      await stopSidecar(this.server.chorusHome);
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}

/** A workspace and its windows. */
export class Scenario {
  readonly session: HostSession;
  readonly workspace: string;
  readonly #windows: Window[] = [];

  constructor(session: HostSession, workspace: string) {
    this.session = session;
    this.workspace = workspace;
  }

  /** Closes all editors of the window without saving, and restores the sample workspace. */
  async startAgain(): Promise<void> {
    for (const window of this.#windows) await window.closeEditors();
    for (const name of await readdir(this.workspace))
      await rm(this.file(name), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    await copySampleWorkspace(this.workspace);
  }

  /** Returns the scenario's window. Opens it if there is none. */
  async sharedWindow(): Promise<Window> {
    return this.#windows[0] ?? (await this.openWindow());
  }

  /** Opens a window on the workspace and waits until Chorus appears in the status bar. */
  async openWindow({
    displayLanguage,
    workspace = this.workspace,
  }: Pick<WindowOptions, 'displayLanguage'> & { readonly workspace?: string } = {}): Promise<Window> {
    const takesPictures = this.session.server.version === NEWEST_HOST;
    for (let attempt = 1; ; attempt++) {
      const window = await Window.open(this.session.browser, this.session.server.windowUrl(workspace), {
        takesPictures,
        displayLanguage,
      });
      this.#windows.push(window);
      await window.chorusStatus().waitFor();
      // VS Code in a browser sometimes opens a multi-root workspace without its folders: "No Folder Opened", for the
      // whole life of the window.
      if (!workspace.endsWith('.code-workspace') || (await window.showsFolders())) return window;
      if (attempt === OPEN_ATTEMPTS)
        throw new Error(`VS Code opened ${path.basename(workspace)} without its folders in ${OPEN_ATTEMPTS} windows`);
      await window.close();
      this.#windows.splice(this.#windows.indexOf(window), 1);
    }
  }

  async closeWindows(): Promise<void> {
    for (const window of this.#windows.splice(0)) await window.close();
  }

  /** Returns the absolute path of a workspace file. */
  file(name: string): string {
    return path.join(this.workspace, name);
  }

  async read(name: string): Promise<string> {
    return readFile(this.file(name), 'utf8');
  }

  /** Writes a workspace file and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const file = this.file(name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** Returns the running sidecar of this server's windows as soon as there is one. */
  async sidecar(): Promise<SidecarState> {
    return waitFor('a running sidecar', () => this.runningSidecar());
  }

  /** Returns the running sidecar, if there is one. */
  async runningSidecar(): Promise<SidecarState | undefined> {
    const state = await readStateFile(homeFiles(this.session.server.chorusHome).stateFile);
    return state && isRunning(state.pid) ? state : undefined;
  }

  /** Returns the running sidecar's status. */
  async sidecarStatus(): Promise<SidecarStatus> {
    return this.#ask(STATUS_REQUEST);
  }

  /** Returns the running sidecar at a moment when its model is busy. */
  async busySidecar(): Promise<SidecarState> {
    const state = await this.sidecar();
    await using client = await RawClient.initialized(state);
    // Polls without a delay, since a completion is short.
    await waitFor('the model to work', async () => (await client.request(STATUS_REQUEST, undefined)).state === 'busy', {
      intervalMs: 0,
    });
    return state;
  }

  /**
   * Returns the number of completion requests that the running sidecar has received, and the number of its open
   * documents.
   */
  async reachedSidecar(): Promise<{ readonly requests: number; readonly documents: number }> {
    const { requests } = await this.statistics();
    const { text } = await this.#ask(DIAGNOSTICS_REQUEST);
    const documents = [...text.matchAll(/\((\d+) documents\)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    return { requests, documents };
  }

  /** Returns the counts of the running sidecar's completions since its start. */
  async statistics(): Promise<CompletionStatistics> {
    return this.#ask(STATISTICS_REQUEST);
  }

  async #ask<Result>(type: RequestType<NoParams, Result>): Promise<Result> {
    await using client = await RawClient.initialized(await this.sidecar());
    return await client.request(type, undefined);
  }

  /** Stores the files that a person would look at first. */
  async recordFailure(name: string): Promise<void> {
    const target = path.join(FAILURES, name.replaceAll(/[^\w.-]+/g, '-'));
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    for (const [index, window] of this.#windows.entries())
      await window.saveScreen(path.join(target, `window-${index + 1}.png`)).catch(() => undefined);
    const { folder, chorusHome } = this.session.server;
    await cp(path.join(folder, 'data', 'logs'), path.join(target, 'logs'), { recursive: true }).catch(() => undefined);
    await cp(homeFiles(chorusHome).logFile, path.join(target, 'sidecar.log')).catch(() => undefined);
    console.log(`What was on the screen, and the logs: ${target}`);
  }
}
