import { apiSource } from './apiSource.ts';
import { commandSources } from './commandSource.ts';
import type { CommitSource } from './commitSource.ts';
import { openRepositories } from './gitApi.ts';

/**
 * Returns all repositories of the window. Uses the git extension's API if the extension runs beside Chorus. In a remote
 * window it uses the extension's commands, its `git:` file system and the input box's document instead, since VS Code
 * carries them across.
 */
export async function commitSources(): Promise<readonly CommitSource[]> {
  const repositories = await openRepositories();
  return repositories ? repositories.map(apiSource) : commandSources();
}
