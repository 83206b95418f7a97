import { execa } from 'execa';
import os from 'node:os';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { COMMIT_FORMAT, patchCommits } from '../../../learning/patchCommits.ts';
import { RecentLines, type LineRange } from '../../../learning/recentLines.ts';
import type { SourceFile } from '../../../learning/sourceFile.ts';

const MAX_COMMITS = 1_000;
const LIMIT_MS = 60_000;

/** Git prints no changes of larger files, so that no line fills the memory. Learning reads no such files. */
const MAX_FILE_SIZE = '1m';
/** No configuration may start a program, and nothing may be fetched. */
const SETTINGS = [
  'core.quotePath=false',
  'log.follow=false',
  'log.diffMerges=first-parent',
  `core.bigFileThreshold=${MAX_FILE_SIZE}`,
];
const GIT_OPTIONS = ['--no-pager', '--literal-pathspecs', ...SETTINGS.flatMap((setting) => ['-c', setting])];
const LOG_OPTIONS = [
  `--format=${COMMIT_FORMAT}`,
  `--max-count=${MAX_COMMITS}`,
  // Each commit is compared to the one before it on this branch, so that lines can be followed.
  '--first-parent',
  '-m',
  '--patch',
  '--unified=0',
  '--inter-hunk-context=0',
  '--no-prefix',
  '--relative',
  // Code that is only indented anew is no new code.
  '--ignore-all-space',
  '--no-renames',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-show-signature',
  '--submodule=short',
];

/**
 * Returns which lines of files were committed last, if the folder is in a git repository. Git prints the changes of
 * these files only, and their contents are skipped. Reads at most 1,000 commits, for at most a minute. Without git or
 * history there are no such lines. Rejects if the signal aborts.
 */
export async function recentLinesOf(
  root: string,
  files: readonly SourceFile[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly LineRange[]>> {
  const recent = new RecentLines(new Map(files.map(({ path, text }) => [path, text.split('\n').length])));
  const paths = files.map(({ path }) => path).filter((path) => !/[\n\r]/.test(path));
  const subprocess = execa('git', [...GIT_OPTIONS, '-C', root, 'log', ...LOG_OPTIONS, 'HEAD', '--stdin'], {
    // Windows looks for programs in the current folder first, and the workspace may hold a file of this name.
    cwd: os.homedir(),
    input: ['--', ...paths, ''].join('\n'),
    stderr: 'ignore',
    buffer: false,
    reject: false,
    timeout: LIMIT_MS,
    windowsHide: true,
    extendEnv: false,
    env: gitEnvironment(),
  });
  const stop = (): void => void subprocess.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const hunks of patchCommits(createInterface({ input: subprocess.stdout }))) {
      recent.addCommit(hunks);
      if (recent.isComplete) break;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await subprocess;
  }
  signal.throwIfAborted();
  return recent.ranges();
}

/** The variables of a caller that is git itself, such as a hook, would choose another repository. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith('GIT_'));
  return {
    ...Object.fromEntries(own),
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  };
}
