import type { Backend, BackendSequence } from '../models/backend.ts';
import type { SequenceTable } from './sequenceTable.ts';
import type { Turns } from './turns.ts';

export interface DeletedExpertsOptions {
  readonly backend: Backend;
  readonly sequences: SequenceTable<BackendSequence>;
  readonly turns: Turns;
}

/** Frees the experts of workspaces whose files were deleted. */
export class DeletedExperts {
  #mayRemain = false;

  constructor(private readonly options: DeletedExpertsOptions) {}

  /** Frees all experts whose files were deleted, except those that requests use. Rejects if `signal` aborts before. */
  async free(signal: AbortSignal): Promise<void> {
    const { backend, sequences, turns } = this.options;
    if (!backend.freeDeletedExperts) return;
    const ticket = turns.enter('completion');
    try {
      await turns.run(ticket, signal, async () => {
        this.#mayRemain = backend.freeDeletedExperts?.(sequences.idle()) === 'some remain';
      });
    } finally {
      turns.leave(ticket);
    }
  }

  /** Call after a request. Frees the experts that `free` had to leave because the request used them. */
  freeRest(signal: AbortSignal): void {
    // The end of the engine frees them too.
    if (this.#mayRemain) this.free(signal).catch(() => undefined);
  }
}
