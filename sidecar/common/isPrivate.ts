import type { Stats } from 'node:fs';

/**
 * Returns whether a file belongs to this user and is closed to all others. Windows has no such bits; there the
 * permissions of the per-user folder protect its files.
 */
export function isPrivate({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o077) === 0);
}
