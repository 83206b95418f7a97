import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { homeFiles } from '../../../../sidecar/common/home.ts';
import { findOrStart } from '../../../../sidecar/client/launch.ts';
import type { LaunchOptions } from '../../../../sidecar/client/launchOptions.ts';
import { stopRunning } from '../../../../sidecar/client/makeWay.ts';
import { readStateFile, type SidecarState } from '../../../../sidecar/client/stateFile.ts';
import { fetchModel } from '../../../../.scripts/fetchModel.ts';
import { isRunning } from '../../../isRunning.ts';
import { PATIENCE_MS } from '../../../patience.ts';

/** The folder of bundles that `npm test` builds. A test file that runs alone uses the sources. */
const bundles = process.env['CHORUS_TEST_BUNDLES'];

/** The tested sidecar, and the options that Node needs to run it. */
export const testedSidecar: { readonly script: string; readonly execArgv: readonly string[] } = bundles
  ? { script: path.join(bundles, 'sidecar.mjs'), execArgv: [] }
  : {
      script: fileURLToPath(new URL('../../../../sidecar/front/main.ts', import.meta.url)),
      execArgv: ['--import', import.meta.resolve('tsx')],
    };

/** Returns the options with which tests start the sidecar. */
export function launchOptions(
  homeFolder: string,
  options: { version?: string; env?: Record<string, string>; execArgv?: readonly string[] } = {},
): LaunchOptions {
  const version = options.version ?? '1.0.0';
  return {
    sidecarScript: testedSidecar.script,
    clientVersion: version,
    homeFolder,
    execArgv: [...(options.execArgv ?? []), ...testedSidecar.execArgv],
    env: { CHORUS_VERSION: version, ...options.env },
    startTimeoutMs: PATIENCE_MS,
    answerTimeoutMs: PATIENCE_MS,
  };
}

/** A test's own home folder. Its sidecar is stopped when the scope ends. */
export class TestHome implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async create(name = 'chorus-test-'): Promise<TestHome> {
    return new TestHome(await mkdtemp(path.join(os.tmpdir(), name)));
  }

  get files(): ReturnType<typeof homeFiles> {
    return homeFiles(this.folder);
  }

  async state(): Promise<SidecarState> {
    const state = await readStateFile(this.files.stateFile);
    if (!state) throw new Error(`No sidecar runs in ${this.folder}`);
    return state;
  }

  /** Starts the sidecar without staying connected. */
  async start(options: Parameters<typeof launchOptions>[1] = {}): Promise<SidecarState> {
    const { socket, state } = await findOrStart(launchOptions(this.folder, options));
    socket.close();
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const state = await readStateFile(this.files.stateFile);
    await stopRunning(this.folder);
    if (state) await until(() => !isRunning(state.pid), 'the sidecar of a test ends');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the environment of a sidecar that has the real model chosen. */
export async function modelEnvironment(): Promise<Record<string, string>> {
  return { CHORUS_MODEL: await fetchModel() };
}

/** Waits for a condition. Rejects with a clear error if it does not become true. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < timeoutMs; await sleep(20))
    if (await condition()) return;
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
}
