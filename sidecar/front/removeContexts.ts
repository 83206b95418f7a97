import path from 'node:path';
import { removeContextSets } from '../keptContexts/contextSets.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { FrontModelSession } from './modelSession.ts';
import type { Log } from './log.ts';

export interface ContextRemoval {
  readonly session: FrontModelSession;
  /** Of evaluated contexts, on disk. */
  readonly contextsFolder: string;
  readonly log: Log;
}

/**
 * Removes a set of evaluated contexts from disk, or without a name all; what a request under way evaluates is not kept.
 * Throws `TroubleError` where something may be left, with a line in the log.
 */
export async function removeContexts({ session, contextsFolder, log }: ContextRemoval, name?: string): Promise<void> {
  // The engine lets go of what it is writing; one that falls meanwhile writes no more.
  await session.engine.forgetContexts?.({ folder: contextsFolder, name }).catch(() => undefined);
  try {
    await removeContextSets(contextsFolder, name);
  } catch (error) {
    log.error('Kept contexts could not be removed', error);
    const folder = path.join(contextsFolder, name ?? '');
    throw new TroubleError(
      'engine-failed',
      `What is kept in ${folder} could not be deleted: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
