import { stat } from 'node:fs/promises';
import { readStateFile } from '../client/stateFile.ts';

const LOOK_INTERVAL_MS = 2_000;

/**
 * Calls `onReplaced` once, when the state file names another launch than `launchId`, or is gone: no client finds this
 * sidecar any more.
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

/** Whether the file is surely not there. One that cannot be read now is. */
async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
