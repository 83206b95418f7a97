/** What most host tests begin with: a VS Code with the built Chorus in it, a browser, a copy of the sample workspace; and an end that leaves nothing behind. */
import type { Browser } from 'playwright-core';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { homeFiles } from '../../sidecar/client/home.ts';
import { readStateFile, type SidecarState } from '../../sidecar/client/stateFile.ts';
import { CodeServer, type CodeServerOptions } from './codeServer.ts';
import { launchBrowser, Window } from './driver.ts';
import { copySampleWorkspace, installBuiltExtension } from './extensionFolder.ts';
import { setUpHost, type HostVersion } from './setup.ts';
import { isRunning, stopSidecar } from './sidecarProcess.ts';
import { waitFor } from './waitFor.ts';

export interface HostSessionOptions extends Partial<Omit<CodeServerOptions, 'host' | 'folder'>> {
  /** The version that the extension claims to be. */
  readonly extensionVersion?: string;
  /** Runs once the folders exist and before the server starts. */
  readonly prepare?: (serverFolder: string) => Promise<void>;
}

export class HostSession {
  readonly server: CodeServer;
  readonly workspace: string;
  private readonly browser: Browser;
  private readonly folder: string;
  private readonly windows: Window[] = [];

  private constructor(server: CodeServer, browser: Browser, folder: string, workspace: string) {
    this.server = server;
    this.browser = browser;
    this.folder = folder;
    this.workspace = workspace;
  }

  static async start(version: HostVersion, options: HostSessionOptions = {}): Promise<HostSession> {
    const host = await setUpHost(version);
    const model = await fetchModel();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-host-'));
    try {
      const workspace = await copySampleWorkspace(path.join(folder, 'sample workspace ⟨ä⟩'));
      const serverFolder = path.join(folder, 'server');
      await installBuiltExtension(serverFolder, options.extensionVersion);
      await options.prepare?.(serverFolder);
      const settings = { 'chorus.modelPath': model, ...options.settings };
      const server = await CodeServer.start({ ...options, host, folder: serverFolder, settings });
      try {
        return new HostSession(server, await launchBrowser(), folder, workspace);
      } catch (error) {
        await server.stop();
        throw error;
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Opens a window on the sample workspace, or another folder, and waits until Chorus shows itself in the status bar. */
  async openWindow(folder = this.workspace): Promise<Window> {
    const window = await Window.open(this.browser, this.server.windowUrl(folder));
    this.windows.push(window);
    await window.statusBarItem('Chorus').waitFor();
    return window;
  }

  file(name: string): string {
    return path.join(this.workspace, name);
  }

  async read(name: string): Promise<string> {
    return readFile(this.file(name), 'utf8');
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.file(name), text);
    return this.file(name);
  }

  /** The running sidecar of this server's windows, once there is one. */
  async sidecar(): Promise<SidecarState> {
    return waitFor('a running sidecar', async () => {
      const state = await readStateFile(homeFiles(this.server.chorusHome).stateFile);
      return state && isRunning(state.pid) ? state : undefined;
    });
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    try {
      for (const window of this.windows) await window.close().catch(() => undefined);
      await this.browser.close();
    } finally {
      await this.server.stop();
      await stopSidecar(this.server.chorusHome);
      await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}
