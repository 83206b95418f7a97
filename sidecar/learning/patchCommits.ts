import type { Hunk } from './recentLines.ts';

/** The line before the changes of a commit, as `git log` prints it for `COMMIT_FORMAT`. */
const COMMIT_LINE = '\0';
/** The format for `git log --format`. */
export const COMMIT_FORMAT = '%x00';

const HUNK = /^@@ -\d+(?:,(?<removed>\d+))? \+(?<start>\d+)(?:,(?<added>\d+))? @@/;
const FILE = '+++ ';

/**
 * Reads the output of `git log --patch --unified=0 --no-prefix` with `COMMIT_FORMAT`: the changes of each commit. The
 * contents of lines are skipped. Files with quoted names are left out.
 */
export async function* patchCommits(lines: AsyncIterable<string>): AsyncGenerator<readonly Hunk[]> {
  let hunks: Hunk[] | undefined;
  let path = '';
  /** The lines of a hunk that are not read yet. They may look like anything. */
  let contents = 0;
  for await (const line of lines) {
    if (contents > 0) {
      if (!line.startsWith('\\')) contents--;
    } else if (line === COMMIT_LINE) {
      if (hunks) yield hunks;
      hunks = [];
    } else if (line.startsWith(FILE)) path = nameOf(line.slice(FILE.length));
    else {
      const { removed = '1', start, added = '1' } = HUNK.exec(line)?.groups ?? {};
      if (start === undefined) continue;
      contents = Number(removed) + Number(added);
      // Behind a deletion there is no new line. Then git names the line before.
      const first = added === '0' ? Number(start) : Number(start) - 1;
      hunks?.push({ path, start: first, removed: Number(removed), added: Number(added) });
    }
  }
  if (hunks && contents === 0) yield hunks;
}

/** Git ends a name with a tab if it contains spaces. */
function nameOf(written: string): string {
  return written.endsWith('\t') ? written.slice(0, -1) : written;
}
