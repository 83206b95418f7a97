import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withStatedChecksums } from '../.scripts/catalogueChecksums.ts';
import { builtInCatalogue } from '../sidecar/shelf/catalogue/catalogue.ts';
import type { Catalogue } from '../sidecar/shelf/catalogue/schema.ts';
import { HttpClient } from '../sidecar/common/http/httpClient.ts';
import { linkedRedirect, modelBytes, ModelServer, sha256, whole } from './sidecar/shelf/modelServer.ts';

const content = modelBytes();

/** A catalogue with a single file, served by the server. */
function catalogueOf({ url }: ModelServer): Catalogue {
  const [model] = builtInCatalogue().models;
  return { version: 1, models: [{ ...model!, quantisations: [{ type: 'Q8_0', files: [{ url, sizeBytes: 7 }] }] }] };
}

it('withStatedChecksums writes the sizes and checksums that the servers state', async () => {
  await using server = await ModelServer.start(content, linkedRedirect('/elsewhere'), whole);
  const client = await HttpClient.open({ systemCertificates: false }, {});
  const { models } = await withStatedChecksums(catalogueOf(server), client).finally(() => client.close());
  assert.deepEqual(models[0]?.quantisations[0]?.files, [
    { url: server.url, sizeBytes: content.length, sha256: sha256(content) },
  ]);
});

it('withStatedChecksums rejects if a server states no checksum', async () => {
  await using server = await ModelServer.start(content);
  const client = await HttpClient.open({ systemCertificates: false }, {});
  await assert.rejects(
    withStatedChecksums(catalogueOf(server), client).finally(() => client.close()),
    /HTTP status 200 and states 300000 bytes and no SHA-256/,
  );
});
