import { stat } from 'node:fs/promises';
import { readStateFile } from '../client/stateFile.ts';

const LOOK_INTERVAL_MS = 2_000;

/**
 * Calls `onReplaced` once the state file is gone or names another launch than `launchId`. From then on no client finds
 * this sidecar.
 */
export class StateFileWatch {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: {
      readonly file: string;
      readonly launchId: string;
      readonly intervalMs?: number;
      readonly onReplaced: () => void;
    },
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#look().catch(() => undefined);
    }, this.options.intervalMs ?? LOOK_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { file, launchId, onReplaced } = this.options;
    const state = await readStateFile(file);
    const isReplaced = state === undefined ? await isMissing(file) : state.launchId !== launchId;
    if (!isReplaced || this.#timer === undefined) return;
    this.stop();
    onReplaced();
  }
}

/** Whether the file certainly does not exist. A file that cannot be read now may exist. */
async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
