import { IgnorePatterns, IgnorePatternsError, isPlainPath, MAX_PATH_STEPS } from './ignorePatterns.ts';

/** Files with ignore rules. Later ones override earlier ones. */
export const IGNORE_FILES: readonly string[] = ['.gitignore', '.chorusignore'];

/** Rules of the repository that are in no commit. Every ignore file overrides them. */
export const EXCLUDE_FILE = { folder: '.git/info', name: 'exclude' } as const;

/** Returns whether a folder with an entry of this name may have rules of its own. */
export function bringsRules(name: string): boolean {
  return IGNORE_FILES.includes(name) || EXCLUDE_FILE.folder.startsWith(`${name}/`);
}

/**
 * Reads `folder/name`. `folder` is relative to the root, '' for the root itself. Resolves with `undefined` if there is
 * no such file. If it throws, every path that the file may affect counts as ignored.
 */
export type ReadIgnoreFile = (folder: string, name: string) => Promise<string | undefined>;

const EVERYTHING = '*';

export interface IgnoreRulesOptions {
  /** Same as git's `core.ignorecase`, which is on where file systems usually ignore case. */
  readonly ignoreCase?: boolean;
  /**
   * Called with the path of an ignore file that has more rules than are applied. Every path that it may affect counts
   * as ignored.
   */
  readonly onRefused?: (file: string, error: unknown) => void;
}

/**
 * The ignore rules of one workspace folder and its nested files, as git applies them. A file in a deeper folder
 * overrides one above it, and no file below an ignored folder is re-included. Files are read when a path first needs
 * them, and kept until `forget`.
 */
export class IgnoreRules {
  readonly #read: ReadIgnoreFile;
  readonly #ignoreCase: boolean;
  readonly #onRefused: NonNullable<IgnoreRulesOptions['onRefused']>;
  readonly #folders = new Map<string, Promise<readonly IgnorePatterns[]>>();
  /** Each folder is judged once for all its contents. */
  readonly #ignoredFolders = new Map<string, Promise<boolean>>();
  #excludes: Promise<readonly IgnorePatterns[]> | undefined;

  constructor(read: ReadIgnoreFile, options: IgnoreRulesOptions = {}) {
    this.#read = read;
    this.#onRefused = options.onRefused ?? (() => undefined);
    this.#ignoreCase = options.ignoreCase ?? (process.platform === 'win32' || process.platform === 'darwin');
  }

  /**
   * Returns whether a file is ignored. `path` is relative to the root, with slashes. A path that leads out of the root
   * ("../a", "/a") counts as ignored, the root itself does not.
   */
  async ignores(path: string): Promise<boolean> {
    return this.#ignores(path, false);
  }

  /** Returns whether everything in the folder is ignored, whatever the name. */
  async ignoresFolder(path: string): Promise<boolean> {
    return this.#ignores(path, true);
  }

  async #ignores(path: string, endsInFolder: boolean): Promise<boolean> {
    if (path === '') return false;
    const plain = path.replace(/\/$/, '');
    // As with secret files, a path that can't be matched against the rules is not sent.
    if (!isPlainPath(plain)) return true;
    const names = plain.split('/');
    for (let depth = 1; depth <= names.length; depth++) {
      const isFolder = endsInFolder || depth < names.length;
      const part = names.slice(0, depth);
      if (await (isFolder ? this.#isFolderIgnored(part) : this.#isIgnoredByFilesAbove(part, 'file'))) return true;
    }
    return false;
  }

  #isFolderIgnored(names: readonly string[]): Promise<boolean> {
    const key = names.join('/');
    let ignored = this.#ignoredFolders.get(key);
    if (ignored === undefined) this.#ignoredFolders.set(key, (ignored = this.#isIgnoredByFilesAbove(names, 'folder')));
    return ignored;
  }

  /**
   * Drops the rules after an ignore file changed. With `folder` it drops only the rules of that folder and of the
   * folders below it.
   */
  forget(folder?: string): void {
    for (const known of [this.#folders, this.#ignoredFolders]) {
      for (const key of [...known.keys()])
        if (folder === undefined || `${key}/`.startsWith(`${folder}/`)) known.delete(key);
    }
    if (folder === undefined) this.#excludes = undefined;
  }

  async #isIgnoredByFilesAbove(names: readonly string[], kind: 'file' | 'folder'): Promise<boolean> {
    let steps = 0;
    for (let depth = names.length - 1; depth >= 0; depth--) {
      const folder = names.slice(0, depth).join('/');
      const rules = await this.#rulesOf(folder);
      const path = names.slice(depth).join('/');
      steps = rules.reduce((sum, patterns) => sum + patterns.stepsFor(path), steps);
      if (steps > MAX_PATH_STEPS) {
        this.#onRefused(
          inFolder(folder, IGNORE_FILES[0] as string),
          new IgnorePatternsError('with the rules of the folders in it, too much for one path'),
        );
        return true;
      }
      const verdict = verdictOf(rules, path, kind);
      if (verdict !== undefined) return verdict === 'ignored';
    }
    this.#excludes ??= this.#readFile(EXCLUDE_FILE.folder, EXCLUDE_FILE.name).then(
      (patterns) => (patterns ? [patterns] : []),
      () => this.#everything(),
    );
    return verdictOf(await this.#excludes, names.join('/'), kind) === 'ignored';
  }

  #rulesOf(folder: string): Promise<readonly IgnorePatterns[]> {
    let rules = this.#folders.get(folder);
    if (rules === undefined) {
      rules = this.#readRules(folder);
      this.#folders.set(folder, rules);
    }
    return rules;
  }

  async #readRules(folder: string): Promise<readonly IgnorePatterns[]> {
    const patterns = await Promise.all(IGNORE_FILES.map((name) => this.#readFile(folder, name))).catch(() =>
      this.#everything(),
    );
    return patterns.filter((each) => each !== undefined);
  }

  async #readFile(folder: string, name: string): Promise<IgnorePatterns | undefined> {
    const text = await this.#read(folder, name);
    if (text === undefined) return undefined;
    try {
      return IgnorePatterns.ofText(text, { ignoreCase: this.#ignoreCase });
    } catch (error) {
      this.#onRefused(inFolder(folder, name), error);
      throw error;
    }
  }

  #everything(): readonly IgnorePatterns[] {
    return [new IgnorePatterns([EVERYTHING], { ignoreCase: this.#ignoreCase })];
  }
}

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Later files in one folder override earlier ones. */
function verdictOf(
  rules: readonly IgnorePatterns[],
  path: string,
  kind: 'file' | 'folder',
): ReturnType<IgnorePatterns['verdict']> {
  for (const patterns of rules.toReversed()) {
    const verdict = patterns.verdict(path, kind);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
