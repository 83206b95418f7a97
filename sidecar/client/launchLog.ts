import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Home } from '../common/home.ts';
import { homeFailure } from '../common/homeFailure.ts';

/** A larger log becomes the previous log, and a new one begins. */
export const MAX_LOG_BYTES = 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 20;
/** Windows has no flag against links, and only administrators may create them there. */
const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;

/**
 * Opens the log for a process that is about to start, for this user alone. A log that is too large first becomes the
 * previous log. A link or a pipe under the log's name is removed: Chorus would write to the link's target, or wait for
 * a reader of the pipe. Throws `SidecarError` 'home-unusable'.
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

/** Returns the last lines of the log from `fromByte` on; empty if there are none. */
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
