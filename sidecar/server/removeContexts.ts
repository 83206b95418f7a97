import { removeContextSets } from '../client/contextSets.ts';
import type { FrontModelSession } from './modelSession.ts';
import type { Log } from './log.ts';

export interface ContextRemoval {
  readonly session: FrontModelSession;
  /** Of evaluated contexts, on disk. */
  readonly contextsFolder: string;
  readonly log: Log;
}

/** Removes a set of evaluated contexts from disk, or without a name all; what a request under way evaluates is not kept. A failure is a line in the log. */
export async function removeContexts({ session, contextsFolder, log }: ContextRemoval, name?: string): Promise<void> {
  try {
    // The engine lets go of what it is writing; one that falls meanwhile writes no more.
    await session.engine.forgetContexts?.({ folder: contextsFolder, name }).catch(() => undefined);
    await removeContextSets(contextsFolder, name);
  } catch (error) {
    log.error('Kept contexts could not be removed', error);
  }
}
