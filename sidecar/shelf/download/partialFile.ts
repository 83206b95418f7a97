import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { lstat, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { writeWhole } from '../../common/writeWhole.ts';
import { parseJson } from '../../common/parseJson.ts';

/** An incomplete file has a name that no tool takes for a model's. */
export const PARTIAL_SUFFIX = '.part';
const STATE_SUFFIX = '.part.json';
/**
 * In a folder that several users may write to, a link of another user could lead anywhere. Windows has no such flag,
 * and only administrators may create links there.
 */
const { O_RDWR, O_NOFOLLOW = 0 } = constants;

/** Identifies the file that the bytes of a partial file belong to. */
const partialState = z.object({
  url: z.string(),
  /** A strong ETag, or the date of the last change. The server uses it to tell whether the file is still the same. */
  validator: z.string().optional(),
  /** The size of the whole file. */
  totalBytes: z.number().int().positive().optional(),
  /** The server's checksum, in hexadecimal digits. */
  sha256: z.string().optional(),
});
export type PartialState = z.infer<typeof partialState>;

/**
 * A file that is being downloaded. Its bytes and a description of their source lie side by side, so that another
 * process can continue after this one was killed.
 */
export class PartialFile {
  readonly path: string;
  readonly #statePath: string;
  #handle: FileHandle | undefined;
  #state: PartialState | undefined;
  #receivedBytes = 0;

  private constructor(readonly targetPath: string) {
    this.path = targetPath + PARTIAL_SUFFIX;
    this.#statePath = targetPath + STATE_SUFFIX;
  }

  /** Opens the bytes of an earlier attempt at `targetPath`, or an empty file. */
  static async open(targetPath: string): Promise<PartialFile> {
    const file = new PartialFile(targetPath);
    const state = await readState(file.#statePath);
    const size = await sizeOf(file.path);
    if (state && size !== undefined && (state.totalBytes === undefined || size <= state.totalBytes)) {
      file.#state = state;
      file.#receivedBytes = size;
    }
    return file;
  }

  /** Absent before the first byte. */
  get state(): PartialState | undefined {
    return this.#state;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Discards all bytes, since the next ones belong to `state`. */
  async begin(state: PartialState): Promise<void> {
    await this.close();
    this.#handle = await createPartial(this.path);
    this.#receivedBytes = 0;
    this.#state = state;
    await writeWhole(this.#statePath, JSON.stringify(state));
  }

  /** Appends bytes. Throws errors of the file system, such as ENOSPC. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#handle ??= await open(this.path, O_RDWR | O_NOFOLLOW);
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#receivedBytes);
      written += bytesWritten;
      this.#receivedBytes += bytesWritten;
    }
  }

  /** Waits until all bytes are on disk. */
  async flush(): Promise<void> {
    await this.#handle?.sync();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** Returns the checksum of all bytes, in hexadecimal digits. `onProgress` gets the number of bytes read. */
  async checksum(
    algorithm: 'sha256' | 'sha512',
    onProgress: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<string> {
    const hash = createHash(algorithm);
    let bytes = 0;
    await pipeline(
      createReadStream(this.path, { highWaterMark: 1024 * 1024 }),
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) {
          hash.update(chunk);
          onProgress((bytes += chunk.length));
        }
      },
      { signal },
    );
    return hash.digest('hex');
  }

  /** Gives the complete file its name. */
  async complete(): Promise<void> {
    await this.close();
    await rename(this.path, this.targetPath);
    await rm(this.#statePath, { force: true });
  }

  async discard(): Promise<void> {
    await this.close();
    await removePartial(this.targetPath);
    this.#state = undefined;
    this.#receivedBytes = 0;
  }
}

/** Creates an empty file for this user alone, and replaces any file of that name. */
export async function createPartial(file: string): Promise<FileHandle> {
  await rm(file, { force: true });
  return open(file, 'wx', 0o600);
}

/** Returns the received bytes of an incomplete `targetPath`; `undefined` if there are none. */
export async function partialBytes(targetPath: string): Promise<number | undefined> {
  return sizeOf(targetPath + PARTIAL_SUFFIX);
}

/** Removes the received bytes of `targetPath`. */
export async function removePartial(targetPath: string): Promise<void> {
  await rm(targetPath + PARTIAL_SUFFIX, { force: true });
  await rm(targetPath + STATE_SUFFIX, { force: true });
}

async function sizeOf(file: string): Promise<number | undefined> {
  const status = await lstat(file).catch(() => undefined);
  return status?.isFile() ? status.size : undefined;
}

async function readState(file: string): Promise<PartialState | undefined> {
  try {
    return partialState.parse(parseJson(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
