import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type WebSocket from 'ws';
import { PROTOCOL_VERSION } from '../protocol/client.ts';
import { connect } from './connect.ts';
import { ensureHome, type Home } from '../common/home.ts';
import { EXIT_DISK_FULL, homeIsFull } from '../common/homeFailure.ts';
import { recordInstallation } from './installations.ts';
import { openLaunchLog, readLogTail } from './launchLog.ts';
import { drain } from './makeWay.ts';
import type { ModelExtension } from '../common/modelExtension.ts';
import { nodeEnvironment } from '../common/childProcess/nodeEnvironment.ts';
import { Patience } from './patience.ts';
import { SidecarError } from '../common/sidecarError.ts';
import { tryLock } from './startLock.ts';
import { readStateFile, type SidecarState } from './stateFile.ts';
import { compareVersions } from '../common/compareVersions.ts';

export interface LaunchOptions {
  /** The absolute path of the sidecar's entry file (`dist/sidecar.mjs`). */
  readonly sidecarScript: string;
  /** The semantic version of the client; see `docs/protocol.md`, "Versions". */
  readonly clientVersion: string;
  /** The default is `homeFolder()`. */
  readonly homeFolder?: string;
  /** Where the sidecar keeps its measurements of models' heads. The default is a file in the per-user folder. */
  readonly headNeedsFile?: string;
  /**
   * The folder of the extension, if the client is one. While it is on disk, uninstalling another copy leaves the
   * sidecar and its files alone.
   */
  readonly extensionFolder?: string;
  /** Returns the extension with the default model, if the client's product has it. The sidecar looks for it there. */
  readonly modelExtension?: () => ModelExtension | undefined;
  /** Options of the runtime before the script, for example to run from source. */
  readonly execArgv?: readonly string[];
  /** Variables on top of the caller's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a new process may take to become ready. The default is 30,000. */
  readonly startTimeoutMs?: number;
  /** How long a running sidecar may take to answer before this fails. The default is 9,000. */
  readonly answerTimeoutMs?: number;
}

/** An open connection to the one sidecar of this user. */
export interface Attachment {
  readonly socket: WebSocket;
  readonly state: SidecarState;
  /** Whether this call started the process. */
  readonly started: boolean;
}

/** The exit code of a sidecar that found another one running before it began. */
export const EXIT_ALREADY_RUNNING = 3;

/** The exit code of a sidecar that ended in order, because no client came while its starter was stopped. */
const EXIT_LEFT = 0;

/**
 * The process runs for days and computes little, so V8 should collect sooner instead of growing its heaps, those of
 * threads too.
 */
const RUNTIME_OPTIONS = ['--optimize-for-size'];
/** glibc gives each thread an arena that it never returns. Two arenas are enough for threads that allocate little. */
const ALLOCATOR_VARIABLES = { MALLOC_ARENA_MAX: '2' };

const POLL_MS = 50;
const ANSWER_TIMEOUT_MS = 9_000;

/**
 * Connects to the running sidecar, or starts it first. Two callers at once get the same sidecar. An older sidecar is
 * drained and replaced. A newer one stays, and so does a sidecar that does not answer, since it may be busy or stopped.
 * Throws `SidecarError`.
 */
export async function findOrStart(options: LaunchOptions): Promise<Attachment> {
  const home = await ensureHome(options.homeFolder);
  // A failure here, such as a full disk, must not prevent the connection.
  await recordClient(home, options).catch(() => undefined);
  const patience = new Patience(2 * (options.startTimeoutMs ?? 30_000));
  while (!patience.isOver()) {
    const found = await attach(home, options);
    if (found && !found.isOlder) return { ...found, started: false };
    found?.socket.terminate();
    const release = await tryLock(home);
    if (!release) {
      await sleep(POLL_MS);
      continue;
    }
    try {
      const attachment = await replaceOrStart(home, options);
      if (attachment) return attachment;
    } finally {
      await release();
    }
  }
  throw new SidecarError(
    'start-failed',
    `Another process has been starting the sidecar for too long (lock ${home.lockFolder}). Try again.`,
  );
}

/** Records the extension, if the client is one. */
async function recordClient(home: Home, options: LaunchOptions): Promise<void> {
  const { extensionFolder: folder, clientVersion: version, modelExtension } = options;
  if (folder !== undefined) await recordInstallation(home, { folder, version, modelExtension: modelExtension?.() });
}

type AttachOptions = Pick<LaunchOptions, 'clientVersion' | 'answerTimeoutMs'>;

/**
 * Connects to the running sidecar without starting one. Returns `undefined` if none is running. Throws `SidecarError`.
 */
export async function findRunning(
  options: AttachOptions & { readonly homeFolder?: string },
): Promise<Attachment | undefined> {
  const home = await ensureHome(options.homeFolder);
  const found = await attach(home, options);
  return found && { ...found, started: false };
}

/**
 * Connects to the sidecar of the state file. Returns `undefined` if there is none. Throws `SidecarError` 'unreachable'
 * if it does not answer for `answerTimeoutMs`.
 */
async function attach(
  home: Home,
  { clientVersion, answerTimeoutMs = ANSWER_TIMEOUT_MS }: AttachOptions,
): Promise<{ socket: WebSocket; state: SidecarState; isOlder: boolean } | undefined> {
  for (const begun = performance.now(); ; await sleep(POLL_MS)) {
    // Read again each time, since another sidecar may take the place of the one that does not answer.
    const state = await readStateFile(home.stateFile);
    if (!state) return undefined;
    try {
      return accept(await connect(state), state, clientVersion);
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      if (isGone(error)) return undefined;
      if (error.code !== 'unreachable') throw error;
      if (performance.now() - begun >= answerTimeoutMs)
        throw doesNotAnswer({ state, stateFile: home.stateFile, timeoutMs: answerTimeoutMs, cause: error });
    }
  }
}

/** Returns whether a connection error proves that the sidecar of a state file is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof SidecarError && (error.code === 'not-running' || error.code === 'refused');
}

function doesNotAnswer({
  state: { pid, port },
  stateFile,
  timeoutMs,
  cause,
}: {
  readonly state: SidecarState;
  readonly stateFile: string;
  readonly timeoutMs: number;
  readonly cause: SidecarError;
}): SidecarError {
  const message = `The Chorus sidecar, process ${pid}, has not answered on port ${port} for ${timeoutMs / 1000} s (${cause.message}). It is stopped or busy: let it go on, or end that process, and try again. No second one is started beside it. If that process is no Chorus sidecar, or none is there, another program has the port: delete ${stateFile}.`;
  return new SidecarError('unreachable', message, { cause });
}

function accept(
  socket: WebSocket,
  state: SidecarState,
  clientVersion: string,
): { socket: WebSocket; state: SidecarState; isOlder: boolean } {
  const isOlder = compareVersions(state.version, clientVersion) < 0;
  if (!isOlder && state.protocolVersion !== PROTOCOL_VERSION) {
    socket.terminate();
    throw new SidecarError(
      'incompatible',
      `The running sidecar (Chorus ${state.version}) speaks protocol ${state.protocolVersion}, this client (Chorus ${clientVersion}) protocol ${PROTOCOL_VERSION}. Update this one.`,
    );
  }
  return { socket, state, isOlder };
}

/**
 * Replaces or starts the sidecar while the lock is held. Returns `undefined` if the state changed meanwhile and the
 * caller should look again.
 */
async function replaceOrStart(home: Home, options: LaunchOptions): Promise<Attachment | undefined> {
  const found = await attach(home, options);
  if (found && !found.isOlder) return { ...found, started: false };
  if (found) await drain(found.socket, options.clientVersion, found.state.version);
  const state = await start(home, options);
  if (!state) return undefined;
  try {
    return { socket: await connect(state), state, started: true };
  } catch (error) {
    // The sidecar ended without a client while this process was stopped.
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * Starts the process and waits for its state file. Returns `undefined` if another sidecar turned out to be running, or
 * if the new sidecar has already ended.
 */
async function start(home: Home, options: LaunchOptions): Promise<SidecarState | undefined> {
  const timeoutMs = options.startTimeoutMs ?? 30_000;
  const launchId = randomUUID();
  const log = await openLaunchLog(home);
  const logStart = (await log.stat()).size;
  try {
    const subprocess = spawnSidecar(home, options, { launchId, logDescriptor: log.fd });
    let exit: Exit | undefined;
    const exited = subprocess.then((result) => {
      exit = result;
    });
    for (const patience = new Patience(timeoutMs); !patience.isOver();) {
      const state = await readStateFile(home.stateFile);
      if (state?.launchId === launchId) return state;
      if (exit) break;
      await Promise.race([exited, sleep(POLL_MS)]);
    }
    if (exit?.exitCode === EXIT_ALREADY_RUNNING || exit?.exitCode === EXIT_LEFT) return undefined;
    if (exit?.exitCode === EXIT_DISK_FULL) throw homeIsFull(home.folder);
    if (!exit) subprocess.kill('SIGKILL');
    const how = exit ? describeExit(exit) : `it was not ready after ${timeoutMs / 1000} s`;
    throw new SidecarError(
      'start-failed',
      `The Chorus sidecar could not be started: ${how}. Its log is ${home.logFile}.`,
      {
        detail: await readLogTail(home, logStart),
      },
    );
  } finally {
    await log.close();
  }
}

/** Starts the process, which outlives this one. Its output goes into the log. */
function spawnSidecar(
  home: Home,
  { execArgv = [], sidecarScript, headNeedsFile, env }: LaunchOptions,
  { launchId, logDescriptor }: { readonly launchId: string; readonly logDescriptor: number },
) {
  // execa accepts any file descriptor, but its types only know those up to 9.
  const output = logDescriptor as 9;
  const subprocess = execa(
    process.execPath,
    [
      ...RUNTIME_OPTIONS,
      ...execArgv,
      sidecarScript,
      '--home',
      home.folder,
      '--launch-id',
      launchId,
      ...(headNeedsFile === undefined ? [] : ['--head-needs-file', headNeedsFile]),
    ],
    {
      cwd: home.folder,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      windowsHide: true,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
      extendEnv: false,
      env: nodeEnvironment({ ...ALLOCATOR_VARIABLES, ...env }),
    },
  );
  subprocess.unref();
  return subprocess;
}

/** How a process ended, as execa reports it. */
interface Exit {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly shortMessage?: string;
}

function describeExit(exit: Exit): string {
  if (exit.signal) return `it was ended by ${exit.signal}`;
  if (exit.exitCode !== undefined) return `it ended with exit code ${exit.exitCode}`;
  return exit.shortMessage ?? 'it could not be run';
}
