import { mkdir, readdir, readFile, rm, stat, statfs, utimes } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../common/writeWhole.ts';
import type { ContextSet } from '../protocol/engine.ts';
import { ChunkFault, chunkFileBytes, decodeChunk } from './chunkFile.ts';

const CHUNK_SUFFIX = '.rows';
const TEMPORARY_SUFFIX = '.tmp';
/** The age of a temporary file after which no process writes it any more. */
const STALE_MS = 60_000;
/** The most that all sets may take, as a share of their size and the free disk together. */
const DISK_SHARE = 0.1;

interface StoredFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/**
 * Stores chunks of evaluated contexts on disk, for this user alone. A set is a folder, a chunk is a file. Several
 * processes may use one folder, and each may crash at any moment. So a chunk appears whole, by a rename. A file that is
 * not valid is removed. Its modification time is its last use. Disk errors reject nothing: an unreadable chunk counts
 * as missing, an unwritable chunk is not kept, and `log` receives a line.
 */
export class ContextStore {
  /** The reason of the last failure to write. */
  #lastReason: string | undefined;

  constructor(private readonly log: (line: string) => void) {}

  /** Resolves with the rows of a chunk, or with `undefined` if it is missing. Removes a file that is not valid. */
  async read(set: ContextSet, name: string, rowsBytes: number): Promise<Uint8Array | undefined> {
    const file = chunkPath(set, name);
    let bytes: Uint8Array;
    try {
      // Reading something else than a file may never end. A larger file would take unplanned memory.
      const status = await stat(file);
      if (!status.isFile()) return await this.#drop(file, 'is no file');
      if (status.size > chunkFileBytes(rowsBytes))
        return await this.#drop(file, `has ${status.size} bytes, expected ${chunkFileBytes(rowsBytes)}`);
      bytes = await readFile(file);
    } catch (error) {
      if (isMissing(error)) return undefined;
      return this.#drop(file, `can't be read (${reasonOf(error)})`);
    }
    try {
      return await decodeChunk(bytes, name, rowsBytes);
    } catch (error) {
      if (!(error instanceof ChunkFault)) throw error;
      return this.#drop(file, error.message);
    }
  }

  /**
   * Prepares to write a context with the chunks `names`, in the order of its tokens. Marks existing chunks as used,
   * removes temporary files of crashed processes, and drops the least recently used files until there is room. Resolves
   * with the indices of the chunks to write.
   */
  async prepare(set: ContextSet, names: readonly string[], rowsBytes: number): Promise<number[]> {
    try {
      // The parent of the folder is not created: the user may have removed it with everything in it.
      for (const folder of [set.folder, path.join(set.folder, set.name)])
        await mkdir(folder, { mode: 0o700 }).catch(unlessThere);
      await this.touch(set, names);
      const files = await this.#files(set.folder);
      const there = new Set(files.map((file) => file.path));
      const own = new Set(names.map((name) => chunkPath(set, name)));
      const missing = [...names.keys()].filter((index) => !there.has(chunkPath(set, names[index] as string)));
      const limit = await allowedBytes(set, sumBytes(files));
      const ownBytes = sumBytes(files.filter((file) => own.has(file.path)));
      const fitting = missing.slice(0, Math.max(0, Math.floor((limit - ownBytes) / chunkFileBytes(rowsBytes))));
      let excess = sumBytes(files) + fitting.length * chunkFileBytes(rowsBytes) - limit;
      // Chunks of this context go last. They go only if the limit or the free disk is smaller than it was.
      for (const file of files.sort(
        (a, b) => Number(own.has(a.path)) - Number(own.has(b.path)) || a.usedMs - b.usedMs,
      )) {
        if (excess <= 0) break;
        await rm(file.path, { force: true });
        excess -= file.sizeBytes;
      }
      return fitting;
    } catch (error) {
      this.#notKept(reasonOf(error));
      return [];
    }
  }

  /** Writes a chunk's file. Resolves with whether the file exists. */
  async write(set: ContextSet, name: string, file: Uint8Array): Promise<boolean> {
    try {
      await writeWhole(chunkPath(set, name), file, { flush: true });
      this.#lastReason = undefined;
      return true;
    } catch (error) {
      // On Windows a file that is being read cannot be replaced. It has the same contents.
      if (await stat(chunkPath(set, name)).catch(() => undefined)) return true;
      // A missing folder means that the set was forgotten meanwhile.
      if (!isMissing(error)) this.#notKept(reasonOf(error));
      return false;
    }
  }

  /**
   * Marks the chunks of a context as used now. The chunks of the first tokens count as the most recent, since other
   * contexts may begin with them too.
   */
  async touch(set: ContextSet, names: readonly string[]): Promise<void> {
    const now = Date.now();
    await Promise.all(
      names.map((name, index) =>
        utimes(chunkPath(set, name), new Date(now), new Date(now - index)).catch(() => undefined),
      ),
    );
  }

  /** Returns the files of all sets. Removes stale temporary files. */
  async #files(folder: string): Promise<StoredFile[]> {
    const sets = await readdir(folder, { withFileTypes: true });
    const found = await Promise.all(
      sets.filter((entry) => entry.isDirectory()).map((entry) => filesOf(path.join(folder, entry.name))),
    );
    const isStale = ({ path: file, usedMs }: StoredFile): boolean =>
      file.endsWith(TEMPORARY_SUFFIX) && Date.now() - usedMs > STALE_MS;
    const files = found.flat();
    await Promise.all(files.filter(isStale).map((file) => rm(file.path, { force: true })));
    return files.filter((file) => !isStale(file));
  }

  /** Logs a reason once in a row, since a full disk stays full. */
  #notKept(reason: string): void {
    if (reason !== this.#lastReason) this.log(`A context could not be kept: ${reason}.`);
    this.#lastReason = reason;
  }

  async #drop(file: string, fault: string): Promise<undefined> {
    await rm(file, { force: true, recursive: true }).catch(() => undefined);
    this.log(`A kept context, ${path.basename(file)}, ${fault}: it is dropped and evaluated anew.`);
    return undefined;
  }
}

function chunkPath(set: ContextSet, name: string): string {
  return path.join(set.folder, set.name, `${name}${CHUNK_SUFFIX}`);
}

async function filesOf(folder: string): Promise<StoredFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(CHUNK_SUFFIX) || name.endsWith(TEMPORARY_SUFFIX))
      .map(async (name) => {
        const file = path.join(folder, name);
        // Another process may have removed the file.
        const status = await stat(file).catch(() => undefined);
        if (!status?.isFile()) return undefined;
        // The clock was set back. The file would otherwise stay longest of all.
        const isFuture = status.mtimeMs > Date.now() + STALE_MS;
        return { path: file, sizeBytes: status.size, usedMs: isFuture ? 0 : status.mtimeMs };
      }),
  );
  return files.filter((file) => file !== undefined);
}

async function allowedBytes({ folder, maxBytes }: ContextSet, usedBytes: number): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.min(maxBytes, (bavail * bsize + usedBytes) * DISK_SHARE);
}

function sumBytes(files: readonly StoredFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Returns the reason without paths, which contain the user's name. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
}
