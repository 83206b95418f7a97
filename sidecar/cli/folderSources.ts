import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { isPathInside, realPathOf } from '../common/findFiles.ts';
import { IgnoreRules } from '../privacy/ignoreRules.ts';
import { SecretFiles } from '../privacy/secretFiles.ts';
import { MAX_FOLDER_DEPTH, mayBeText, SKIPPED_FOLDERS } from '../privacy/sourceNames.ts';
import { languageIdOf } from '../syntax/languageIds.ts';
import type { SourceFile } from '../learning/sourceFile.ts';
import { takesContext } from '../completion/prompt/contextFormat.ts';
import { unfitness } from '../workspaceIndex/unfitness.ts';
import { UsageError } from './exitCodes.ts';

export interface FolderSources {
  /** Whether a path is secret or ignored. It is relative to the folder, with slashes. */
  forbids(path: string): Promise<boolean>;
  /** Ordered by path. */
  readonly files: readonly SourceFile[];
  /** How many files were left out, by reason. */
  readonly leftOut: {
    readonly secret: number;
    readonly ignored: number;
    readonly unfit: number;
    readonly excess: number;
  };
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TOTAL_UNITS = 32 * 1024 * 1024;
const MAX_FILES = 20_000;
const MAX_IGNORE_BYTES = 1024 * 1024;

/**
 * Reads the code of a folder that a model may see, by the rules of `docs/privacy.md`. Secret and ignored files are left
 * out, and so are links, downloaded or generated folders, and files that the workspace index refuses. `secretFiles`
 * adds patterns to the list of secret files.
 *
 * Rejects with `UsageError` if the folder can't be read.
 */
export async function readFolderSources(
  folder: string,
  { secretFiles = [] }: { readonly secretFiles?: readonly string[] } = {},
): Promise<FolderSources> {
  const root = await realPathOf(path.resolve(folder));
  await readdir(root).catch((error: unknown) => {
    throw new UsageError(`${folder} can't be read as a folder: ${(error as Error).message}`, { cause: error });
  });
  const secrets = new SecretFiles(secretFiles);
  if (secrets.problem)
    throw new UsageError(`The patterns of secret files can't be applied: ${secrets.problem.message}`);
  const walk = new FolderWalk(root, secrets);
  await walk.run();
  return walk;
}

interface RuleRoot {
  readonly folder: string;
  readonly rules: IgnoreRules;
}

interface WalkedFolder {
  readonly folder: string;
  readonly depth: number;
  /** The repositories whose rules count here, nearest first. */
  readonly roots: readonly RuleRoot[];
}

class FolderWalk implements FolderSources {
  readonly files: SourceFile[] = [];
  readonly leftOut = { secret: 0, ignored: 0, unfit: 0, excess: 0 };
  /** Repositories below the root. Their rules bring nothing back that the rules around them ignore. */
  readonly #nested = new Set<string>();
  readonly #waiting: WalkedFolder[] = [];
  readonly #rootsOfFolder = new Map<string, readonly RuleRoot[]>();
  #units = 0;

  constructor(
    private readonly root: string,
    private readonly secrets: SecretFiles,
  ) {}

  async run(): Promise<void> {
    this.#waiting.push({ folder: this.root, depth: 0, roots: [this.#rulesOf(await repositoryAround(this.root))] });
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#visit(next);
    this.files.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  async #visit({ folder, depth, roots: around }: WalkedFolder): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    let roots = around;
    if (folder !== this.root && entries.some(({ name }) => name === '.git')) {
      this.#nested.add(folder);
      roots = [this.#rulesOf(folder), ...around];
    }
    this.#rootsOfFolder.set(folder, roots);
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      if (entry.isFile()) await this.#add(file, roots);
      else if (
        entry.isDirectory() &&
        depth < MAX_FOLDER_DEPTH &&
        !SKIPPED_FOLDERS.has(entry.name) &&
        !this.secrets.has(`${file}/`) &&
        !(await isIgnored(roots, file, 'folder'))
      )
        this.#waiting.push({ folder: file, depth: depth + 1, roots });
    }
  }

  async #add(file: string, roots: readonly RuleRoot[]): Promise<void> {
    const name = path.basename(file);
    if (!mayBeText(name) || !takesContext(languageIdOf(name))) return;
    if (this.secrets.has(file)) this.leftOut.secret++;
    else if (await isIgnored(roots, file, 'file')) this.leftOut.ignored++;
    else if (this.files.length >= MAX_FILES) this.leftOut.excess++;
    else {
      const text = await textOf(file);
      if (text === undefined) this.leftOut.unfit++;
      else if (this.#units + text.length > MAX_TOTAL_UNITS) this.leftOut.excess++;
      else {
        this.#units += text.length;
        this.files.push({ path: slashed(path.relative(this.root, file)), text });
      }
    }
  }

  async forbids(given: string): Promise<boolean> {
    const file = path.join(this.root, given);
    if (this.secrets.has(file)) return true;
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
      const roots = this.#rootsOfFolder.get(folder);
      if (roots !== undefined) return isIgnored(roots, file, 'file');
      if (folder === path.dirname(folder)) return true;
    }
  }

  #rulesOf(folder: string): RuleRoot {
    const read = async (below: string, name: string): Promise<string | undefined> => {
      const inside = path.join(folder, below);
      const isOther = [...this.#nested].some(
        (each) => each !== folder && (inside === each || isPathInside(inside, each)),
      );
      return isOther ? undefined : readIgnoreFile(path.join(inside, name));
    };
    return { folder, rules: new IgnoreRules(read) };
  }
}

/** Returns the folder of the repository that holds a folder, or the folder itself. */
async function repositoryAround(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const isRepository = await stat(path.join(at, '.git')).then(
      () => true,
      () => false,
    );
    if (isRepository) return at;
    if (at === path.dirname(at)) return folder;
  }
}

async function isIgnored(roots: readonly RuleRoot[], file: string, kind: 'file' | 'folder'): Promise<boolean> {
  for (const { folder, rules } of roots) {
    const relative = slashed(path.relative(folder, file));
    if (await (kind === 'folder' ? rules.ignoresFolder(relative) : rules.ignores(relative))) return true;
  }
  return false;
}

const slashed = (file: string): string => file.split(path.sep).join('/');

/** Resolves with `undefined` if there is no such file. Rejects if it can't be read. */
async function readIgnoreFile(file: string): Promise<string | undefined> {
  const status = await stat(file).catch(() => undefined);
  if (!status?.isFile()) return undefined;
  if (status.size > MAX_IGNORE_BYTES) throw new RangeError(`${file} is larger than ${MAX_IGNORE_BYTES} bytes`);
  return readFile(file, 'utf8');
}

async function textOf(file: string): Promise<string | undefined> {
  const status = await stat(file).catch(() => undefined);
  if (status === undefined || status.size === 0 || status.size > MAX_FILE_BYTES) return undefined;
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || bytes.includes(0)) return undefined;
  const text = bytes.toString('utf8');
  return text.trim() === '' || unfitness(text) !== undefined ? undefined : text;
}
