import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { isPrivate } from '../common/isPrivate.ts';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';

/**
 * The data that a client needs to reach the running sidecar. The sidecar writes it once it listens, so the file means
 * "ready".
 */
export interface SidecarState {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** A client sends this to prove that it may read the state file. Each launch has its own. */
  readonly token: string;
  /**
   * The sidecar returns this in the handshake to prove that it wrote the state file. Another program on its old port
   * can't.
   */
  readonly serverToken: string;
  /** For information only. No process is ever ended by this number. */
  readonly pid: number;
  readonly version: string;
  readonly protocolVersion: number;
  /** Identifies this launch. */
  readonly launchId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The script that was run. Older sidecars do not write it. */
  readonly script?: string | undefined;
}

/**
 * Reads the state file. Returns `undefined` if it is missing or can't be trusted: if it has another shape, belongs to
 * another user, or is open to others.
 */
export async function readStateFile(file: string): Promise<SidecarState | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    if (!isPrivate(await handle.stat())) return undefined;
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

/** Removes the state file if it still belongs to `launchId`. */
export async function removeStateFile(file: string, launchId: string): Promise<void> {
  try {
    const state: unknown = parseJson(await readFile(file, 'utf8'));
    if (isSidecarState(state) && state.launchId === launchId) await rm(file, { force: true });
  } catch {
    // The file is gone, or belongs to another program.
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
