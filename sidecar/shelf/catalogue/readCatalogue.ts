import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { writeWhole } from '../../common/writeWhole.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { NetworkSettings } from '../../protocol/client.ts';
import { ALLOWED_URL, isAllowedUrl } from '../../common/http/allowedUrl.ts';
import { readBoundedText, TooLargeError } from '../../common/http/boundedText.ts';
import { HttpClient } from '../../common/http/httpClient.ts';
import { MAX_CATALOGUE_BYTES, parseCatalogue } from './catalogue.ts';
import type { Catalogue } from './schema.ts';

const ANSWER_LIMIT_MS = 15_000;

export interface CatalogueSource {
  readonly network?: NetworkSettings;
  /** Where the last valid version is kept, for use without a network. */
  readonly cacheFolder: string;
}

export interface FoundCatalogue {
  readonly catalogue: Catalogue;
  /** Why the catalogue that the URL returns now is invalid. An earlier version is used instead. */
  readonly trouble?: TroubleError;
}

/**
 * Reads the catalogue at a path or an https URL. If the URL fails or returns an invalid catalogue, the last valid
 * version is used. Throws `TroubleError` 'invalid-catalogue'.
 */
export async function readCatalogue(place: string, source: CatalogueSource): Promise<FoundCatalogue> {
  const name = place.slice(0, 300);
  if (/^[a-z][a-z0-9+.-]+:/i.test(place)) {
    if (!isAllowedUrl(place))
      throw new TroubleError(
        'invalid-catalogue',
        `chorus.catalogue: ${ALLOWED_URL}, or the path of a file, got ${name}`,
      );
    return fetched(place, name, source);
  }
  if (!path.isAbsolute(place))
    throw new TroubleError(
      'invalid-catalogue',
      `chorus.catalogue: expected an absolute path or an https: URL, got ${name}`,
    );
  return { catalogue: parseCatalogue(await fileText(place), name) };
}

async function fileText(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new TroubleError(
      'invalid-catalogue',
      `The catalogue ${file.slice(0, 300)} can't be read (${(cause as NodeJS.ErrnoException).code ?? ''}).`,
      { cause },
    );
  });
  try {
    const status = await handle.stat();
    if (!status.isFile() || status.size > MAX_CATALOGUE_BYTES) throw tooLarge(file);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Only a valid catalogue is kept. */
async function fetched(url: string, name: string, { network, cacheFolder }: CatalogueSource): Promise<FoundCatalogue> {
  const cached = path.join(cacheFolder, `${createHash('sha256').update(url).digest('hex')}.json`);
  try {
    const text = await get(url, network);
    const catalogue = parseCatalogue(text, name);
    await keep(cached, text).catch(() => undefined);
    return { catalogue };
  } catch (cause) {
    const kept = await keptCatalogue(cached, name);
    if (!(cause instanceof TroubleError)) {
      if (kept) return { catalogue: kept };
      throw new TroubleError(
        'invalid-catalogue',
        `The catalogue ${name} can't be fetched: ${(cause as Error).message}`,
        { cause },
      );
    }
    if (!kept) throw cause;
    return {
      catalogue: kept,
      trouble: new TroubleError(cause.code, `${cause.message} The version that was fetched before is used.`, { cause }),
    };
  }
}

async function keptCatalogue(cached: string, name: string): Promise<Catalogue | undefined> {
  try {
    return parseCatalogue(await readFile(cached, 'utf8'), name);
  } catch {
    return undefined;
  }
}

async function get(url: string, network: NetworkSettings | undefined): Promise<string> {
  const client = await HttpClient.open(network);
  try {
    const { status, body } = await client.get(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    if (status !== 200) throw new Error(`HTTP status ${status}, expected 200`);
    return await readBoundedText(Readable.toWeb(body) as ReadableStream<Uint8Array>, {
      maxBytes: MAX_CATALOGUE_BYTES,
      limitMs: ANSWER_LIMIT_MS,
    });
  } catch (error) {
    throw error instanceof TooLargeError ? tooLarge(url) : error;
  } finally {
    await client.close();
  }
}

/** A kept catalogue is checked again when it is read, since another version of Chorus may have written it. */
async function keep(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeWhole(file, text);
}

function tooLarge(place: string): TroubleError {
  return new TroubleError(
    'invalid-catalogue',
    `The catalogue ${place.slice(0, 300)} is no file of at most ${MAX_CATALOGUE_BYTES} bytes.`,
  );
}
