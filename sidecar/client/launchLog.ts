import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Home } from '../common/home.ts';
import { homeFailure } from '../common/homeFailure.ts';

/** Above this size the log becomes the previous log and a new one begins. */
export const MAX_LOG_BYTES = 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 20;
/** Windows has no flag against links, and lets only administrators make them. */
const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;

/**
 * Opens the log for a process about to start, for this user alone; an overlong log becomes the previous one first. A
 * link or a pipe under its name is removed: a link would have Chorus write wherever it leads, and a pipe waits for its
 * reader. Throws `SidecarError` 'home-unusable'.
 */
export async function openLaunchLog(home: Home): Promise<FileHandle> {
  try {
    const status = await lstat(home.logFile).catch(() => undefined);
    if (status && !status.isFile() && !status.isDirectory()) await rm(home.logFile, { force: true });
    else if (status && status.size > MAX_LOG_BYTES) await rename(home.logFile, home.previousLogFile);
    return await open(home.logFile, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (cause) {
    throw homeFailure(home.folder, cause);
  }
}

/** The last lines of the log, from `fromByte` on; empty when there are none. */
export async function readLogTail(home: Home, fromByte = 0): Promise<string> {
  const handle = await open(home.logFile, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(size - TAIL_BYTES, fromByte > size ? 0 : fromByte);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(size - start, 0)), 0, size - start, start);
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n');
    return lines.slice(-TAIL_LINES).join('\n');
  } finally {
    await handle.close();
  }
}
