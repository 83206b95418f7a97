import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';

/**
 * What a client needs to reach the running sidecar. Written by the sidecar once it listens, so its presence says
 * "ready".
 */
export interface SidecarState {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** The client proves by this that it may read the state file. One per launch. */
  readonly token: string;
  /**
   * The sidecar proves by this, in the handshake's response, that it wrote the state file and is not another program on
   * its old port.
   */
  readonly serverToken: string;
  /** For information. No process is ever ended by it. */
  readonly pid: number;
  readonly version: string;
  readonly protocolVersion: number;
  /** Names this launch. */
  readonly launchId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The file that was run; absent in what older sidecars wrote. */
  readonly script?: string | undefined;
}

/**
 * Reads the state file. Gives `undefined` for a missing file and for one that cannot be trusted: of another shape, of
 * another user, or open to others.
 */
export async function readStateFile(file: string): Promise<SidecarState | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    if (process.platform !== 'win32') {
      const status = await handle.stat();
      if (status.uid !== process.getuid?.() || (status.mode & 0o077) !== 0) return undefined;
    }
    const state: unknown = parseJson(await handle.readFile('utf8'));
    return isSidecarState(state) ? state : undefined;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Writes the state file for this user alone, whole or not at all. */
export async function writeStateFile(file: string, state: SidecarState): Promise<void> {
  await writeWhole(file, JSON.stringify(state, undefined, 2), { flush: true });
}

/** Removes the state file if it is still the one of `launchId`. */
export async function removeStateFile(file: string, launchId: string): Promise<void> {
  try {
    const state: unknown = parseJson(await readFile(file, 'utf8'));
    if (isSidecarState(state) && state.launchId === launchId) await rm(file, { force: true });
  } catch {
    // Gone already, or another program's: not ours to remove.
  }
}

function isSidecarState(value: unknown): value is SidecarState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Record<keyof SidecarState, unknown>;
  return (
    isIntegerBetween(state.port, 1, 65_535) &&
    isIntegerBetween(state.pid, 1, 2 ** 32) &&
    isIntegerBetween(state.protocolVersion, 1, 2 ** 31) &&
    isToken(state.token) &&
    isToken(state.serverToken) &&
    isShortText(state.version) &&
    isShortText(state.launchId) &&
    isShortText(state.startedAt) &&
    (state.script === undefined || typeof state.script === 'string')
  );
}

function isIntegerBetween(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{32,128}$/.test(value);
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 128;
}
