import lockfile from 'proper-lockfile';
import { expireFutureLock } from '../common/futureLock.ts';
import type { Home } from '../common/home.ts';
import { homeFailure } from '../common/homeFailure.ts';

/** A lock whose holder has not touched it for this long belongs to a dead process. */
const STALE_MS = 5_000;

/**
 * Takes the lock that decides which process starts the sidecar. Returns its release function, or `undefined` while
 * another process holds the lock. The lock of a dead process expires after 5 seconds. Throws `SidecarError`
 * 'home-unusable'.
 */
export async function tryLock(home: Home): Promise<(() => Promise<void>) | undefined> {
  let compromised = false;
  try {
    const release = await lockfile.lock(home.folder, {
      lockfilePath: home.lockFolder,
      stale: STALE_MS,
      update: 1_000,
      retries: 0,
      realpath: false,
      // A starter that slept past the lock's expiry may meet a second starter. Their sidecars settle the conflict.
      onCompromised: () => {
        compromised = true;
      },
    });
    return async () => {
      if (!compromised) await release().catch(() => undefined);
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw homeFailure(home.folder, error);
    await expireFutureLock(home.lockFolder, STALE_MS);
    return undefined;
  }
}
