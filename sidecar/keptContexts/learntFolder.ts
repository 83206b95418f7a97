import { rm } from 'node:fs/promises';
import path from 'node:path';
import { homeFolder, LEARNING_FOLDER } from '../common/home.ts';

/** Returns the folder of what was learnt from all workspaces. */
export function learningFolder(home: string = homeFolder()): string {
  return path.join(home, LEARNING_FOLDER);
}

/** Returns the file of a workspace's expert. `name` is that of its evaluated contexts. */
export function expertFileOf(learning: string, name: string): string {
  return path.join(learning, name, 'expert.gguf');
}

/** Deletes what was learnt from a workspace. `name` is that of its evaluated contexts. */
export async function forgetExpert(learning: string, name: string): Promise<void> {
  await removeFolder(path.join(learning, name));
}

/** Deletes a folder of an expert, also while another process still writes to it. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
