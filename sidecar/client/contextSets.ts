import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CONTEXTS_FOLDER, homeFolder } from './home.ts';

/** The folder of all workspaces' evaluated contexts. */
export function contextsFolder(home: string = homeFolder()): string {
  return path.join(home, CONTEXTS_FOLDER);
}

/** The name of one workspace's set of evaluated contexts, which tells nothing of the workspace. */
export function contextSetName(workspaceKey: string): string {
  return createHash('sha256').update(workspaceKey).digest('hex');
}

/** Names a workspace by its folders, or by its one workspace file; tells nothing of it. `places` are URIs; every client that has these open gets the same. */
export function workspaceKeyOf(places: readonly string[]): string {
  return createHash('sha256').update(places.map(normalisedPlace).join('\n')).digest('hex');
}

/** Removes a workspace's set, or with no name all sets. A process that is running must have let go of them. */
export async function removeContextSets(folder: string, name?: string): Promise<void> {
  await rm(name === undefined ? folder : path.join(folder, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Clients write one and the same path in several ways. */
function normalisedPlace(uri: string): string {
  if (!uri.startsWith('file:')) return uri;
  try {
    const file = path.resolve(fileURLToPath(uri));
    return pathToFileURL(process.platform === 'win32' ? file.toLowerCase() : file).href;
  } catch {
    return uri;
  }
}
