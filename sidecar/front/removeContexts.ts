import path from 'node:path';
import { removeContextSets } from '../keptContexts/contextSets.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { FrontModelSession } from './modelSession.ts';
import type { Log } from './log.ts';

export interface ContextRemoval {
  readonly session: FrontModelSession;
  /** The folder of evaluated contexts on disk. */
  readonly contextsFolder: string;
  readonly log: Log;
}

/**
 * Removes a set of evaluated contexts from disk, or all sets if there is no name. The contexts of running requests are
 * not kept. Rejects with `TroubleError` if some files may remain, and logs it.
 */
export async function removeContexts({ session, contextsFolder, log }: ContextRemoval, name?: string): Promise<void> {
  // The engine stops writing first. An engine that crashes meanwhile writes no more either.
  await session.engine.forgetContexts?.({ folder: contextsFolder, name }).catch(() => undefined);
  try {
    await removeContextSets(contextsFolder, name);
  } catch (error) {
    log.error('Kept contexts could not be removed', error);
    const folder = path.join(contextsFolder, name ?? '');
    throw new TroubleError(
      'engine-failed',
      `The kept contexts in ${folder} could not be deleted: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
