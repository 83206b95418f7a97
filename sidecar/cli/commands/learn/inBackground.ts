import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Quietness } from '../../../front/power/quietness.ts';
import type { PowerSource } from '../../../front/power/powerSource.ts';
import { learningFolder } from '../../../keptContexts/learntFolder.ts';
import type { LearnResult, SkipReason } from '../../../learning/learnWorkspace.ts';
import { tryLockForWriting } from '../../../shelf/download/writeLock.ts';

export interface BackgroundOptions {
  /** Learns until the signal aborts. */
  readonly learn: (signal: AbortSignal) => Promise<LearnResult | SkipReason>;
  /** Called before the work is aborted, since a stopped process could not end. */
  readonly onBattery: () => void;
  readonly read?: () => Promise<PowerSource | undefined>;
  readonly intervalMs?: number;
}

/**
 * Learns on mains power, and ends in order on battery. One workspace of this user learns in the background at a time.
 * Resolves with the reason if nothing is learnt. Rejects as `learn` does.
 */
export async function learnInBackground({
  learn,
  onBattery,
  ...power
}: BackgroundOptions): Promise<LearnResult | SkipReason> {
  const battery = new AbortController();
  const quietness = new Quietness({
    ...power,
    onChange: (isQuiet) => {
      if (!isQuiet || battery.signal.aborted) return;
      onBattery();
      battery.abort();
    },
  });
  await quietness.start();
  try {
    if (battery.signal.aborted) return 'battery';
    await mkdir(learningFolder(), { recursive: true, mode: 0o700 });
    const lock = await tryLockForWriting(path.join(learningFolder(), 'background'));
    if (!lock) return 'other-process';
    try {
      return await learn(battery.signal);
    } catch (error) {
      if (battery.signal.aborted) return 'battery';
      throw error;
    } finally {
      await lock.release();
    }
  } finally {
    quietness.stop();
  }
}
