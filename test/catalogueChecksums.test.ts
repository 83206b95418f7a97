import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { withStatedChecksums } from '../.scripts/catalogueChecksums.ts';
import { builtInCatalogue } from '../sidecar/shelf/catalogue/catalogue.ts';
import type { Catalogue } from '../sidecar/shelf/catalogue/schema.ts';
import { HttpClient } from '../sidecar/common/http/httpClient.ts';
import { linkedRedirect, modelBytes, ModelServer, sha256, whole } from './sidecar/shelf/modelServer.ts';

const content = modelBytes();
const client = await HttpClient.open({ systemCertificates: false }, {});
after(() => client.close());

/** A catalogue with a single file, served by the server. */
function catalogueOf({ url }: ModelServer): Catalogue {
  const [model] = builtInCatalogue().models;
  return { version: 1, models: [{ ...model!, quantisations: [{ type: 'Q8_0', files: [{ url, sizeBytes: 7 }] }] }] };
}

it('withStatedChecksums writes the sizes and checksums that the servers state', async () => {
  await using server = await ModelServer.start(content, linkedRedirect('/elsewhere'), whole);
  const { models } = await withStatedChecksums(catalogueOf(server), client);
  assert.deepEqual(models[0]?.quantisations[0]?.files, [
    { url: server.url, sizeBytes: content.length, sha256: sha256(content) },
  ]);
});

it('withStatedChecksums rejects if a server states no checksum', async () => {
  await using server = await ModelServer.start(content);
  await assert.rejects(
    withStatedChecksums(catalogueOf(server), client),
    /HTTP status 200 and states 300000 bytes and no SHA-256/,
  );
});
