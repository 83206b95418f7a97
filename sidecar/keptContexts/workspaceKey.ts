import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Returns a workspace's key from the URIs of its folders, or of its workspace file. The key reveals neither, and is the
 * same for every client that has them open.
 */
export function workspaceKeyOf(places: readonly string[]): string {
  return createHash('sha256').update(places.map(normalised).join('\n')).digest('hex');
}

/** Returns the name of a workspace's set of evaluated contexts. Every key gives a name that is safe as a file name. */
export function contextSetName(workspaceKey: string): string {
  return createHash('sha256').update(workspaceKey).digest('hex');
}

/** Returns one form for a path that clients write in several ways. */
function normalised(uri: string): string {
  if (!uri.startsWith('file:')) return uri;
  try {
    const file = path.resolve(fileURLToPath(uri));
    return pathToFileURL(process.platform === 'win32' ? file.toLowerCase() : file).href;
  } catch {
    return uri;
  }
}
