/** The part of a `git diff` that a model sees. */

export interface FileDiff {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  /** The previous path of a renamed or copied file. A secret file stays secret under its new name. */
  readonly previousPath?: string;
  readonly text: string;
}

/** Line ends for a regular expression that are no line ends for git. */
const OTHER_LINE_ENDS = /[\r\u2028\u2029]/;

/**
 * Splits the output of `git diff` into one entry per file. Leaves out a file whose path is uncertain, since Chorus
 * could not tell whether it is secret. Git's settings may remove or change the prefixes that mark paths. Leaves out a
 * file with conflicts too, which git shows as `diff --cc`.
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
 * Joins sections within `maxUnits` UTF-16 units. Small files stay whole, and large files share the rest evenly. Each
 * cut is at a line's end and marked. So one generated file never hides the other files.
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

/** Returns an untracked file as the diff that would add it. */
export function additionDiff(path: string, content: string): FileDiff {
  const lines = content.replace(/\n$/, '').split('\n');
  const body = content === '' ? '' : `@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}`).join('\n')}\n`;
  return { path, text: `diff --git a/${path} b/${path}\nnew file\n--- /dev/null\n+++ b/${path}\n${body}` };
}

/** The part before the changed lines, which may contain any text. */
function headerOf(section: string): string {
  const end = section.search(/(?<![^\n])(?:@@|GIT binary patch)/);
  return end === -1 ? section : section.slice(0, end);
}

/** A deleted file has /dev/null on the + side. A binary, renamed or empty file may have neither line. */
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

/** Git writes unusual names as a C string with octal escapes for bytes. */
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
