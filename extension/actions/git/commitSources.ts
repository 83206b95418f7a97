import { apiSource } from './apiSource.ts';
import { commandSources } from './commandSource.ts';
import type { CommitSource } from './commitSource.ts';
import { openRepositories } from './gitApi.ts';

/**
 * All repositories of the window: through the git extension's API where it runs beside Chorus, else, in a remote
 * window, through its commands, its `git:` file system and the input box's document, which VS Code carries across.
 */
export async function commitSources(): Promise<readonly CommitSource[]> {
  const repositories = await openRepositories();
  return repositories ? repositories.map(apiSource) : commandSources();
}
