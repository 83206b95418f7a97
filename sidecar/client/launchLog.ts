import { open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Home } from './home.ts';

/** Above this size the log becomes the previous log and a new one begins. */
export const MAX_LOG_BYTES = 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 20;

/** Opens the log for a process about to start, for this user alone; an overlong log becomes the previous one first. */
export async function openLaunchLog(home: Home): Promise<FileHandle> {
  const sizeBytes = (await stat(home.logFile).catch(() => undefined))?.size ?? 0;
  if (sizeBytes > MAX_LOG_BYTES) await rename(home.logFile, home.previousLogFile);
  return open(home.logFile, 'a', 0o600);
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
