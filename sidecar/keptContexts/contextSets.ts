import { rm } from 'node:fs/promises';
import path from 'node:path';
import { CONTEXTS_FOLDER, homeFolder } from '../common/home.ts';

/** Returns the folder of all workspaces' evaluated contexts. */
export function contextsFolder(home: string = homeFolder()): string {
  return path.join(home, CONTEXTS_FOLDER);
}

/** Removes a workspace's set of evaluated contexts, or without a name all sets. No process may be writing them. */
export async function removeContextSets(folder: string, name?: string): Promise<void> {
  await rm(name === undefined ? folder : path.join(folder, name), {
    recursive: true,
    force: true,
    maxRetries: 5,
    retryDelay: 100,
  });
}
