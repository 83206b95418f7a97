import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RawClient } from './support/rawClient.ts';
import { TestHome } from './support/sidecar.ts';
import { INSTALL_CUDA_REQUEST } from '../../../sidecar/protocol/client.ts';

it('a request for the CUDA libraries names the reason if a build has none', async () => {
  await using home = await TestHome.create('chorus-cuda-');
  await using client = await RawClient.initialized(await home.start());
  await assert.rejects(
    client.request(INSTALL_CUDA_REQUEST, { partialResultToken: 'p' }),
    /This build has no CUDA add-on/,
  );
});
