/**
 * Writes the size and the SHA-256 of each file, as Hugging Face states them, into the built-in catalogue: `npx tsx
 * .scripts/catalogueChecksums.ts`. So a file that is replaced there later is recognized.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseCatalogue } from '../sidecar/shelf/catalogue/catalogue.ts';
import type { Catalogue, CatalogueFile } from '../sidecar/shelf/catalogue/schema.ts';
import { remoteFile } from '../sidecar/shelf/download/remoteFile.ts';
import { HttpClient } from '../sidecar/common/http/httpClient.ts';

const CATALOGUE = new URL('../sidecar/shelf/catalogue/models.json', import.meta.url);
const ANSWER_LIMIT_MS = 60_000;

/**
 * Returns the catalogue with the sizes and checksums that the servers state now. Throws if a server states no checksum,
 * since a partly checked catalogue looks like a checked one.
 */
export async function withStatedChecksums(catalogue: Catalogue, client: HttpClient): Promise<Catalogue> {
  const result = structuredClone(catalogue);
  for (const file of result.models.flatMap(({ quantisations }) => quantisations.flatMap(({ files }) => files)))
    Object.assign(file, await stated(file, client));
  return result;
}

async function stated(
  { url }: CatalogueFile,
  client: HttpClient,
): Promise<Pick<CatalogueFile, 'sizeBytes' | 'sha256'>> {
  const response = await client.get(url, {
    headers: { 'accept-encoding': 'identity' },
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  response.body.destroy();
  const { totalBytes, sha256 } = (response.status === 200 && remoteFile(url, response)) || {};
  if (totalBytes === undefined || sha256 === undefined)
    throw new Error(
      `${url} answers with HTTP status ${response.status} and states ${totalBytes ?? 'no'} bytes and ${sha256 ?? 'no'} SHA-256: expected both`,
    );
  return { sizeBytes: totalBytes, sha256 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const client = await HttpClient.open();
  try {
    const catalogue = await withStatedChecksums(
      parseCatalogue(await readFile(CATALOGUE, 'utf8'), CATALOGUE.pathname),
      client,
    );
    await writeFile(CATALOGUE, `${JSON.stringify(catalogue, null, 2)}\n`);
  } finally {
    await client.close();
  }
}
