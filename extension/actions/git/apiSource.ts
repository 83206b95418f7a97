import * as vscode from 'vscode';
import { readPlainFile } from '../../documents/readTextFile.ts';
import { MAX_FILE_BYTES, MAX_READ_UNITS, type CommitSource, type MayRead } from './commitSource.ts';
import { UNTRACKED, type GitRepository } from './gitApi.ts';
import { additionDiff, splitByFile, type FileDiff } from './unifiedDiff.ts';

/** Returns a repository that is reached through the git extension's API. */
export function apiSource(repository: GitRepository): CommitSource {
  return {
    rootUri: repository.rootUri,

    async changes(mayRead) {
      await repository.status();
      const isStaged = repository.state.indexChanges.length > 0;
      const tracked: FileDiff[] = [];
      for (const file of splitByFile(await repository.diff(isStaged))) {
        const paths = file.previousPath === undefined ? [file.path] : [file.path, file.previousPath];
        const readable = await Promise.all(paths.map((path) => mayRead(vscode.Uri.joinPath(repository.rootUri, path))));
        if (readable.every(Boolean)) tracked.push(file);
      }
      return isStaged ? tracked : [...tracked, ...(await untracked(repository, mayRead))];
    },

    async recentMessages() {
      // A repository without a commit has no log.
      if (!repository.state.HEAD?.commit) return [];
      return (await repository.log({ maxEntries: 10 })).map(({ message }) => message);
    },

    readMessage: () => repository.inputBox.value,

    async setMessage(message) {
      repository.inputBox.value = message;
      return true;
    },
  };
}

async function untracked(repository: GitRepository, mayRead: MayRead): Promise<FileDiff[]> {
  const { workingTreeChanges, untrackedChanges = [] } = repository.state;
  const files: FileDiff[] = [];
  let units = 0;
  for (const { uri } of [...workingTreeChanges.filter(({ status }) => status === UNTRACKED), ...untrackedChanges]) {
    if (!(await mayRead(uri))) continue;
    const path = uri.path.slice(repository.rootUri.path.length + 1);
    const content = units < MAX_READ_UNITS ? await readPlainFile(uri, MAX_FILE_BYTES) : undefined;
    files.push(additionDiff(path, content ?? ''));
    units += content?.length ?? 0;
  }
  return files;
}
