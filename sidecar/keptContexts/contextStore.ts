import { mkdir, readdir, readFile, rm, stat, statfs, utimes } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../common/writeWhole.ts';
import type { ContextSet } from '../protocol/engine.ts';
import { ChunkFault, chunkFileBytes, decodeChunk } from './chunkFile.ts';

const CHUNK_SUFFIX = '.rows';
const TEMPORARY_SUFFIX = '.tmp';
/** A file that is still being written is newer. */
const STALE_MS = 60_000;
/** All sets together take no more than this of what they and the free disk are. */
const DISK_SHARE = 0.1;

interface StoredFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/**
 * Chunks of evaluated contexts on disk: a folder a set, a file a chunk, for this user alone. Any number of processes
 * may use one folder at once and any may die at any moment: a chunk appears whole, by a rename, and is what its name
 * says or is removed. A file's modification time is when it was used last. Nothing here throws for what it finds on
 * disk: a chunk that can't be read is not there, one that can't be written is not kept, and `log` hears a line.
 */
export class ContextStore {
  /** Why nothing could be written last. */
  #lastReason: string | undefined;

  constructor(private readonly log: (line: string) => void) {}

  /** The rows of a chunk; `undefined` where they are not there. What is not exactly what was written is removed. */
  async read(set: ContextSet, name: string, rowsBytes: number): Promise<Uint8Array | undefined> {
    const file = chunkPath(set, name);
    let bytes: Uint8Array;
    try {
      // What is no file may never end, and one of another size takes memory that nobody planned.
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
   * Prepares to write a context whose chunks are `names`, the first tokens' first: marks those that are there as used,
   * removes what processes left that died while they wrote, and drops what was not used for longest until there is
   * room. Resolves with the indices of the chunks to write.
   */
  async prepare(set: ContextSet, names: readonly string[], rowsBytes: number): Promise<number[]> {
    try {
      // What the folder is in is not made again: it may have been removed with everything in it.
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
      // Of the context itself something goes only where it alone is more than there may be: the bound, or the disk, is
      // smaller than it was.
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

  /** Writes a chunk's file. Resolves with whether it is there. */
  async write(set: ContextSet, name: string, file: Uint8Array): Promise<boolean> {
    try {
      await writeWhole(chunkPath(set, name), file, { flush: true });
      this.#lastReason = undefined;
      return true;
    } catch (error) {
      // Where a file that is being read can't be replaced, it is the same one.
      if (await stat(chunkPath(set, name)).catch(() => undefined)) return true;
      // The set was forgotten meanwhile.
      if (!isMissing(error)) this.#notKept(reasonOf(error));
      return false;
    }
  }

  /**
   * Marks the chunks of a context as used now; the first tokens', which others may begin with too, count as used last.
   */
  async touch(set: ContextSet, names: readonly string[]): Promise<void> {
    const now = Date.now();
    await Promise.all(
      names.map((name, index) =>
        utimes(chunkPath(set, name), new Date(now), new Date(now - index)).catch(() => undefined),
      ),
    );
  }

  /** Every file of every set but those that nobody goes on writing, which are removed. */
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

  /** A full disk stays full: the log hears of it once. */
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
        // Another process may have removed it.
        const status = await stat(file).catch(() => undefined);
        if (!status?.isFile()) return undefined;
        // The clock was set back since: of all files it would stay longest.
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

/** Without paths, which name the user. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
}
