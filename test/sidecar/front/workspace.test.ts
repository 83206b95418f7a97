import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CONTEXT_REQUEST, LOAD_REQUEST, type ContextResult } from '../../../sidecar/protocol/client.ts';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { FilesInMemory } from '../workspaceIndex/filesInMemory.ts';
import { RawClient } from './support/rawClient.ts';
import { modelEnvironment, TestHome, until } from './support/sidecar.ts';

const PRICING =
  'def gross_price(net_price: float, vat_rate: float) -> float:\n    """Price with tax."""\n    return net_price * (1 + vat_rate)\n';
const STORE =
  'def open_store(secret_location: str) -> None:\n    """Opens the store."""\n    raise NotImplementedError\n';
const MAIN = 'from shop import pricing\n\n\ndef order(item):\n    price = pricing.';
const URI = FilesInMemory.uri('main.py');

/** An editor whose workspace is a table of texts. */
async function editor(state: SidecarState, texts: Record<string, string>, settings: object = {}): Promise<RawClient> {
  const files = new FilesInMemory(texts);
  const client = await RawClient.connect(state);
  const initializationOptions = {
    providesWorkspace: true,
    settings: { completion: { timeoutMs: 30_000, maxTokens: 24 }, ...settings },
  };
  client.socket.on('message', (frame) => {
    const { id, method, params } = JSON.parse((frame as Buffer).toString('utf8')) as {
      id: number;
      method?: string;
      params: { page?: number; uris: string[] };
    };
    const answer = (result: object): void => client.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
    if (method === 'chorus/workspace/list') files.list(params.page).then(answer, () => undefined);
    if (method === 'chorus/workspace/read') files.read(params.uris).then(answer, () => undefined);
  });
  await client.request('initialize', {
    processId: null,
    rootUri: 'file:///project',
    capabilities: { textDocument: { inlineCompletion: {} } },
    initializationOptions,
  });
  client.notify('initialized', {});
  await client.request(LOAD_REQUEST, undefined);
  if (Object.keys(texts).length > 0)
    await until(async () => (await contextOf(client)).index.state !== 'reading', 'the workspace is read');
  return client;
}

async function contextOf(client: RawClient): Promise<ContextResult> {
  return await client.request(CONTEXT_REQUEST, { uri: URI });
}

/**
 * Opens and completes main.py until a prompt has the file. A first prompt does not wait longer than half a second for
 * the index, so on a busy machine it may lack the file.
 */
async function completionWith(client: RawClient, file: string, text = MAIN): Promise<string> {
  let completion = '';
  await until(async () => {
    client.notify('textDocument/didClose', { textDocument: { uri: URI } });
    completion = await completionOf(client, `# ${performance.now()}\n${text}`);
    const { snippets } = await contextOf(client);
    return snippets.some(({ path, evaluated }) => path === file && evaluated);
  }, `a prompt has ${file}`);
  return completion;
}

async function completionOf(client: RawClient, text: string): Promise<string> {
  client.open(URI, text, 'python');
  const lines = text.split('\n');
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const result = (await client.request('textDocument/inlineCompletion', {
    textDocument: { uri: URI },
    position,
    context: { triggerKind: 2 },
  })) as { items: { insertText: string }[] };
  return result.items[0]?.insertText ?? '';
}

describe('the workspace in prompts', () => {
  let home: TestHome;
  let state: SidecarState;
  before(async () => {
    home = await TestHome.create();
    state = await home.start({ env: await modelEnvironment() });
  });
  after(() => home[Symbol.asyncDispose]());

  it('gives a call to a function of another file its real name, but not if the workspace is off', async () => {
    await using withFiles = await editor(state, { 'shop/pricing.py': PRICING, 'shop/store.py': STORE });
    assert.match(await completionWith(withFiles, 'shop/pricing.py'), /^gross_price\(/);
    const { snippets, last } = await contextOf(withFiles);
    assert.equal(snippets[0]?.path, 'shop/pricing.py');
    assert.equal(snippets[0]?.reason, 'imported');
    assert.deepEqual(
      last?.names.filter(({ name }) => name === 'gross_price').map(({ path }) => path),
      ['shop/pricing.py'],
    );

    await using without = await editor(state, { 'shop/pricing.py': PRICING }, { context: { workspace: false } });
    assert.doesNotMatch(await completionOf(without, MAIN), /gross_price/);
    assert.deepEqual(await contextOf(without), {
      index: { state: 'off', files: 0 },
      budgetTokens: 0,
      plannedTokens: 0,
      snippets: [],
      last: (await contextOf(without)).last,
    });
  });

  it('shares nothing between clients, even of the same workspace', async () => {
    await using one = await editor(state, { 'shop/pricing.py': PRICING });
    await using other = await editor(state, { 'shop/store.py': STORE });
    await completionWith(one, 'shop/pricing.py');
    await completionOf(other, MAIN);
    assert.deepEqual(
      (await contextOf(one)).snippets.map(({ path }) => path),
      ['shop/pricing.py'],
    );
    assert.deepEqual(
      (await contextOf(other)).snippets.map(({ path }) => path).filter((path) => path !== 'shop/store.py'),
      [],
    );
  });

  it('includes the open documents of a client that provides no files', async () => {
    await using client = await RawClient.initialized(state, {
      capabilities: { textDocument: { inlineCompletion: {} } },
    });
    client.open(FilesInMemory.uri('shop/pricing.py'), PRICING, 'python');
    await completionWith(client, 'pricing.py', 'import pricing\nprice = pricing.');
  });

  it('is already evaluated when a completion is requested after reading ahead', async () => {
    const long = Array.from(
      { length: 40 },
      (_, number) =>
        `def helper_${number}(first_value: int, second_value: int) -> int:\n    return first_value + second_value * ${number}\n\n`,
    ).join('\n');
    await using client = await editor(state, { 'shop/pricing.py': `${PRICING}\n\n${long}`, 'shop/helpers.py': long });
    await completionOf(client, MAIN);
    await until(
      async () => {
        const { snippets: known } = await contextOf(client);
        return known.length > 0 && known.every(({ evaluated }) => evaluated);
      },
      'the context is read ahead',
      120_000,
    );
    client.notify('textDocument/didClose', { textDocument: { uri: URI } });
    await completionOf(client, `${MAIN}gross_price(item.net_price, `);
    const { last, snippets } = await contextOf(client);
    const contextTokens = snippets.reduce((sum, { tokens }) => sum + tokens, 0);
    assert.ok(contextTokens > 500, `the context has ${contextTokens} tokens`);
    assert.equal(last?.contextTokens, contextTokens);
    assert.ok((last?.evaluatedTokens ?? Infinity) < 60, `${last?.evaluatedTokens} tokens were evaluated`);
  });
});
