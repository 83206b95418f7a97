import { SidecarError } from './sidecarError.ts';

/** The exit code of a sidecar that could not write its state file. On a full disk the log can't tell why. */
export const EXIT_DISK_FULL = 4;

/** Returns whether the disk or the user's quota is full. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The error for a per-user folder on a full disk. */
export function homeIsFull(folder: string, cause?: unknown): SidecarError {
  return new SidecarError(
    'home-unusable',
    `Chorus cannot use its folder ${folder}: the disk is full. Free some space there, or name a folder on another disk in CHORUS_HOME.`,
    { cause },
  );
}

/** The error for a failed file operation in the per-user folder. */
export function homeFailure(folder: string, cause: unknown): SidecarError {
  if (isDiskFull(cause)) return homeIsFull(folder, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SidecarError(
    'home-unusable',
    `Chorus cannot use its folder ${folder}: ${reason}. Make it a folder of yours, or name another in CHORUS_HOME.`,
    { cause },
  );
}
