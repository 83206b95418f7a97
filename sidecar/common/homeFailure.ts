import { SidecarError } from './sidecarError.ts';

/** Exit code of a sidecar that could not write its state file: where the disk is full its log can't say so. */
export const EXIT_DISK_FULL = 4;

/** Whether the file system has no room, or gives this user no more. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The per-user folder can't be written since there is no room. */
export function homeIsFull(folder: string, cause?: unknown): SidecarError {
  return new SidecarError(
    'home-unusable',
    `Chorus cannot use its folder ${folder}: the disk is full. Free some space there, or name a folder on another disk in CHORUS_HOME.`,
    { cause },
  );
}

/** Words for what the file system said of the per-user folder, or of a file in it. */
export function homeFailure(folder: string, cause: unknown): SidecarError {
  if (isDiskFull(cause)) return homeIsFull(folder, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SidecarError(
    'home-unusable',
    `Chorus cannot use its folder ${folder}: ${reason}. Make it a folder of yours, or name another in CHORUS_HOME.`,
    { cause },
  );
}
