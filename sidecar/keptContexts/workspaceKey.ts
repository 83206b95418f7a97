import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Names a workspace by the URIs of its folders, or of its one workspace file. Tells nothing of it, and is the same for
 * every client that has these open.
 */
export function workspaceKeyOf(places: readonly string[]): string {
  return createHash('sha256').update(places.map(normalised).join('\n')).digest('hex');
}

/** The name of a workspace's set of evaluated contexts; a key of any form gives a name that is safe as a file's. */
export function contextSetName(workspaceKey: string): string {
  return createHash('sha256').update(workspaceKey).digest('hex');
}

/** Clients write one and the same path in several ways. */
function normalised(uri: string): string {
  if (!uri.startsWith('file:')) return uri;
  try {
    const file = path.resolve(fileURLToPath(uri));
    return pathToFileURL(process.platform === 'win32' ? file.toLowerCase() : file).href;
  } catch {
    return uri;
  }
}
