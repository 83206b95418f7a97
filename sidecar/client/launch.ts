import { setTimeout as sleep } from 'node:timers/promises';
import type WebSocket from 'ws';
import { PROTOCOL_VERSION } from '../protocol/client.ts';
import { connect } from './connect.ts';
import { ensureHome, type Home } from '../common/home.ts';
import { recordInstallation } from './installations.ts';
import type { LaunchOptions } from './launchOptions.ts';
import { drain } from './makeWay.ts';
import { Patience } from './patience.ts';
import { SidecarError } from '../common/sidecarError.ts';
import { tryLock } from './startLock.ts';
import { longestStartMs, startSidecar } from './startSidecar.ts';
import { readStateFile, type SidecarState } from './stateFile.ts';
import { compareVersions } from '../common/compareVersions.ts';

/** An open connection to the one sidecar of this user. */
export interface Attachment {
  readonly socket: WebSocket;
  readonly state: SidecarState;
  /** Whether this call started the process. */
  readonly started: boolean;
}

const POLL_MS = 50;
const ANSWER_TIMEOUT_MS = 9_000;
/** The holder of the lock may drain a sidecar and start another. The lock of a dead process expires. */
const LONGEST_STARTS = 2;

/**
 * Connects to the running sidecar, or starts it first. Two callers at once get the same sidecar. An older sidecar is
 * drained and replaced. A newer one stays, and so does a sidecar that does not answer, since it may be busy or stopped.
 * Throws `SidecarError`.
 */
export async function findOrStart(options: LaunchOptions): Promise<Attachment> {
  const home = await ensureHome(options.homeFolder);
  // A failure here, such as a full disk, must not prevent the connection.
  await recordClient(home, options).catch(() => undefined);
  const patience = new Patience(LONGEST_STARTS * longestStartMs(options));
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
  if (!(await startSidecar(home, options))) return undefined;
  // The sidecar may have ended without a client while this process was stopped.
  const started = await attach(home, options);
  return started && { ...started, started: true };
}
