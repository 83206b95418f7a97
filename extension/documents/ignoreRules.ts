import ignore, { type Ignore } from 'ignore';

/** Files with ignore rules, in the order in which later ones overrule earlier ones. */
export const IGNORE_FILES: readonly string[] = ['.gitignore', '.chorusignore'];

/** Rules of the repository that are in no commit; every ignore file overrules them. */
export const EXCLUDE_FILE = { folder: '.git/info', name: 'exclude' } as const;

/** Whether a folder that holds something of this name may have rules of its own. */
export function bringsRules(name: string): boolean {
  return IGNORE_FILES.includes(name) || EXCLUDE_FILE.folder.startsWith(`${name}/`);
}

/**
 * Reads `folder/name` (`folder` relative to the root, '' for the root itself). `undefined`: there is no such file. Where it throws, everything that
 * the file may have a say in counts as ignored.
 */
export type ReadIgnoreFile = (folder: string, name: string) => Promise<string | undefined>;

const EVERYTHING = '*';
/** Between slashes these name nothing in a folder. */
const NO_NAMES: ReadonlySet<string> = new Set(['', '.', '..']);

/**
 * The ignore rules of one workspace folder, nested files included, as git applies them: a file in a deeper folder overrules one above it,
 * and nothing below an ignored folder comes back. Files are read when a path first needs them, and kept until `forget`.
 */
export class IgnoreRules {
  readonly #read: ReadIgnoreFile;
  readonly #ignoreCase: boolean;
  readonly #folders = new Map<string, Promise<Ignore | undefined>>();
  #excludes: Promise<Ignore | undefined> | undefined;

  /** `ignoreCase`: as git's `core.ignorecase`, which is on where file systems usually ignore case. */
  constructor(read: ReadIgnoreFile, options: { readonly ignoreCase?: boolean } = {}) {
    this.#read = read;
    this.#ignoreCase = options.ignoreCase ?? (process.platform === 'win32' || process.platform === 'darwin');
  }

  /** `path`: of a file, relative to the root, with slashes. A path that leads elsewhere ("../a", "/a") counts as ignored; the root itself is not. */
  async ignores(path: string): Promise<boolean> {
    return this.#ignores(path, false);
  }

  /** Whether everything in the folder is ignored, whatever it is called. */
  async ignoresFolder(path: string): Promise<boolean> {
    return this.#ignores(path, true);
  }

  async #ignores(path: string, endsInFolder: boolean): Promise<boolean> {
    if (path === '') return false;
    const names = path.replace(/\/$/, '').split('/');
    // As with secret files: what can't be held against the rules is kept.
    if (!ignore.isPathValid(path) || names.some((name) => NO_NAMES.has(name))) return true;
    for (let depth = 1; depth <= names.length; depth++) {
      const isFolder = endsInFolder || depth < names.length;
      const current = names.slice(0, depth).join('/') + (isFolder ? '/' : '');
      if (await this.#isIgnoredByFilesAbove(current, names.slice(0, depth - 1))) return true;
    }
    return false;
  }

  /** Drops what was read, after an ignore file changed. With `folder`: of that one and those below it alone. */
  forget(folder?: string): void {
    for (const key of [...this.#folders.keys()]) {
      if (folder === undefined || `${key}/`.startsWith(`${folder}/`)) this.#folders.delete(key);
    }
    if (folder === undefined) this.#excludes = undefined;
  }

  async #isIgnoredByFilesAbove(path: string, parents: readonly string[]): Promise<boolean> {
    for (let depth = parents.length; depth >= 0; depth--) {
      const folder = parents.slice(0, depth).join('/');
      const rules = await this.#rulesOf(folder);
      const result = rules?.test(folder === '' ? path : path.slice(folder.length + 1));
      if (result?.ignored) return true;
      if (result?.unignored) return false;
    }
    this.#excludes ??= this.#read(EXCLUDE_FILE.folder, EXCLUDE_FILE.name).catch(() => EVERYTHING).then((text) => this.#parse([text]));
    return (await this.#excludes)?.ignores(path) ?? false;
  }

  #rulesOf(folder: string): Promise<Ignore | undefined> {
    let rules = this.#folders.get(folder);
    if (rules === undefined) {
      rules = this.#readRules(folder);
      this.#folders.set(folder, rules);
    }
    return rules;
  }

  async #readRules(folder: string): Promise<Ignore | undefined> {
    return this.#parse(await Promise.all(IGNORE_FILES.map((name) => this.#read(folder, name))).catch(() => [EVERYTHING]));
  }

  #parse(texts: readonly (string | undefined)[]): Ignore | undefined {
    const present = texts.filter((text) => text !== undefined);
    if (present.length === 0) return undefined;
    const rules = ignore({ ignorecase: this.#ignoreCase });
    // One call each: only a text by itself is split into lines.
    for (const text of present) rules.add(text);
    return rules;
  }
}
