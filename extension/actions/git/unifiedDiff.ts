/** What of a `git diff` a model is shown. */

export interface FileDiff {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  /** Where a renamed or copied file came from: what was secret there is secret still. */
  readonly previousPath?: string;
  readonly text: string;
}

/** What ends a line for a regular expression, and not for git. */
const OTHER_LINE_ENDS = /[\r\u2028\u2029]/;

/**
 * Takes `git diff` output apart, one entry per file. A file whose path is not certain is left out, since nothing could
 * tell whether it is secret: git's settings may leave out or change the prefixes that paths are known by. So is one
 * with conflicts, which git shows as `diff --cc`.
 */
export function splitByFile(diff: string): FileDiff[] {
  return diff
    .split(/(?<![^\n])(?=diff --(?:git|cc|combined) )/)
    .filter((section) => /^diff --git "?a\/.* "?b\//.test(section) && !OTHER_LINE_ENDS.test(headerOf(section)))
    .map((text) => {
      const header = headerOf(text);
      const previousPath = previousPathOf(header);
      return { path: pathOf(header), ...(previousPath === undefined ? {} : { previousPath }), text };
    })
    .filter(({ path }) => path !== '');
}

/**
 * Joins sections within `maxUnits` UTF-16 units. Small files stay whole; what is left is shared evenly among the large
 * ones, each cut at a line's end and marked, so that one generated file never hides the others.
 */
export function joinWithin(files: readonly FileDiff[], maxUnits: number): string {
  const shareOf = new Map<FileDiff, number>();
  let left = maxUnits;
  let filesLeft = files.length;
  for (const file of [...files].sort((a, b) => a.text.length - b.text.length)) {
    const share = Math.min(file.text.length, Math.floor(left / filesLeft));
    shareOf.set(file, share);
    left -= share;
    filesLeft--;
  }
  return files.map((file) => cutAtLine(file.text, shareOf.get(file) ?? 0)).join('');
}

/** A file that git does not track yet, as the diff that would add it. */
export function additionDiff(path: string, content: string): FileDiff {
  const lines = content.replace(/\n$/, '').split('\n');
  const body = content === '' ? '' : `@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}`).join('\n')}\n`;
  return { path, text: `diff --git a/${path} b/${path}\nnew file\n--- /dev/null\n+++ b/${path}\n${body}` };
}

/** What stands before the changed lines, which may look like anything. */
function headerOf(section: string): string {
  const end = section.search(/(?<![^\n])(?:@@|GIT binary patch)/);
  return end === -1 ? section : section.slice(0, end);
}

/** A deleted file has /dev/null on the + side; a binary, renamed or empty one may have neither line. */
function pathOf(header: string): string {
  const found =
    /^\+\+\+ (?:b\/(.+?)|("b\/.+"))\t?$/m.exec(header) ??
    /^--- (?:a\/(.+?)|("a\/.+"))\t?$/m.exec(header) ??
    /^(?:rename|copy) to (?:(?!")(.+)|(".+"))$/m.exec(header) ??
    /^diff --git .+ (?:b\/(.+?)|("b\/.+"))$/m.exec(header);
  const quoted = found?.[2];
  return quoted === undefined ? (found?.[1] ?? '') : unquote(quoted).replace(/^[ab]\//, '');
}

function previousPathOf(header: string): string | undefined {
  const found = /^(?:rename|copy) from (?:(?!")(.+)|(".+"))$/m.exec(header);
  return found?.[2] === undefined ? found?.[1] : unquote(found[2]);
}

/** Git writes unusual names as a C string whose bytes are octal escapes. */
function unquote(quoted: string): string {
  const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\' };
  const latin1 = quoted
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_, escape: string) =>
      escape.length === 3 ? String.fromCharCode(parseInt(escape, 8)) : (escapes[escape] ?? escape),
    );
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function cutAtLine(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const end = text.lastIndexOf('\n', maxUnits - 1) + 1;
  return `${text.slice(0, end)}[…]\n`;
}
