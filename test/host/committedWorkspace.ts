import { execFileSync } from 'node:child_process';

/** Makes a workspace a git repository with one commit of all its files. */
export function commitWorkspace(folder: string): void {
  const git = (...parameters: string[]): unknown =>
    execFileSync(
      'git',
      ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'init.defaultBranch=main', ...parameters],
      { cwd: folder },
    );
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'Add the shop');
}
