/** Names the test file of a source file by the conventions of its language. */
import path from 'node:path';

type Naming = (stem: string, extension: string) => string;

const suffixed =
  (suffix: string): Naming =>
  (stem, extension) =>
    `${stem}${suffix}${extension}`;

const NAMING_BY_EXTENSION: Readonly<Record<string, Naming>> = {
  '.py': (stem) => `test_${stem}.py`,
  '.go': suffixed('_test'),
  '.dart': suffixed('_test'),
  '.c': suffixed('_test'),
  '.cc': suffixed('_test'),
  '.cpp': suffixed('_test'),
  '.rs': suffixed('_test'),
  '.rb': suffixed('_test'),
  '.ex': (stem) => `${stem}_test.exs`,
  '.java': suffixed('Test'),
  '.kt': suffixed('Test'),
  '.scala': suffixed('Test'),
  '.php': suffixed('Test'),
  '.cs': suffixed('Tests'),
  '.swift': suffixed('Tests'),
};

/**
 * Returns the name of the test file for `fileName`, without a folder: `sum.ts` gives `sum.test.ts`, `sum.py` gives
 * `test_sum.py`.
 */
export function testFileName(fileName: string): string {
  const extension = path.posix.extname(fileName);
  const stem = path.posix.basename(fileName, extension);
  return (NAMING_BY_EXTENSION[extension.toLowerCase()] ?? suffixed('.test'))(stem, extension);
}

/** Returns whether `fileName` is already a test file. */
export function isTestFile(fileName: string): boolean {
  return /(\.(test|spec)\.[^.]+|_(test|spec)\.[^.]+|(Test|Tests)\.[^.]+)$|^test_/.test(path.posix.basename(fileName));
}
