import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { residentMegabytes, type ProcessMemory } from './support/processMemory.ts';
import { RawClient } from './support/rawClient.ts';
import { TestHome } from './support/sidecar.ts';
import { GENERATE_REQUEST, LOAD_REQUEST } from '../../../sidecar/protocol/client.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const uri = 'file:///sample.py';
const code = 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n    return a';
const requests = 20_000;
/** The front needs about 30 MiB. If each of 20,000 requests left 2 kB behind, they would not fit. */
const heapMegabytes = 64;
/** After these requests, the process has allocated what it needs. The rest may not add even 1 kB each. */
const warmUpRequests = 5_000;
const maxGrowthMegabytes = 15;

describe('cancelled requests', () => {
  it(`answers ${requests} of them in ${heapMegabytes} MiB of heap, with flat memory, and then serves the next request`, async () => {
    await using home = await TestHome.create();
    const modelPath = path.join(home.folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    const state = await home.start({
      // What a request leaves behind does not depend on the model.
      env: { CHORUS_MODEL: modelPath },
      execArgv: [`--max-old-space-size=${heapMegabytes}`],
    });
    await using client = await RawClient.initialized(state, {
      initializationOptions: { settings: { completion: { timeoutMs: 60_000 } } },
    });
    client.open(uri, code, 'python');
    await client.request(LOAD_REQUEST, undefined);
    let warm: ProcessMemory | undefined;
    for (let sent = 0; sent < requests; sent += 1_000) {
      if (sent === warmUpRequests) warm = await residentMegabytes(state.pid);
      const ids = Array.from({ length: 1_000 }, (_, i) => {
        const position = { line: 4, character: 4 + (i % 8) };
        const id = client.sendRequest('textDocument/inlineCompletion', {
          textDocument: { uri },
          position,
          context: { triggerKind: 1 },
        });
        client.notify('$/cancelRequest', { id });
        return id;
      });
      for (const id of ids) await client.answer(id);
    }
    const last = await residentMegabytes(state.pid);
    for (const part of ['front', 'engine'] as const) {
      const growth = last[part] - (warm?.[part] ?? 0);
      assert.ok(growth < maxGrowthMegabytes, `the ${part} process grew from ${warm?.[part]} to ${last[part]} MiB`);
    }
    const { text } = await client.request(GENERATE_REQUEST, { prompt: code, maxTokens: 3 });
    assert.ok(text.length > 0);
    assert.equal((await home.state()).pid, state.pid);
  });
});
