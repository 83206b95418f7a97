import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { workspaceItems } from '../../../sidecar/chat/workspaceItems.ts';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { FilesInMemory } from '../workspaceIndex/filesInMemory.ts';

const thread = new IndexThread();
after(() => thread.dispose());

const source = new FilesInMemory({
  'shop/cart.ts':
    'export class Cart {\n  /** Sums the prices of all items. */\n  total(): number {\n    return 1;\n  }\n}\n',
  'shop/mail.ts': 'export function sendMail(address: string): void {\n  throw new Error(address);\n}\n',
});
const files = new ClientWorkspace({
  key: 'chat',
  thread,
  source,
  openUris: () => [],
  openText: () => undefined,
  pathOf: (uri) => uri,
});

describe('workspaceItems', () => {
  const ask = async (content: string, asks: { workspace?: boolean; symbols?: string[] }) =>
    workspaceItems(files, { messages: [{ role: 'user', content }], ...asks });

  it('finds nothing if the question does not ask for it', async () => {
    files.start();
    assert.deepEqual(await ask('Where are the prices of items summed?', {}), { items: [], missingSymbols: [] });
  });

  it('finds code that matches the question’s words, with its place', async () => {
    const {
      items: [first],
    } = await ask('Where are the prices of items summed?', { workspace: true });
    assert.match(first?.item.text ?? '', /total\(\): number/);
    assert.deepEqual(first?.place, { uri: FilesInMemory.uri('shop/cart.ts'), path: 'shop/cart.ts', lines: [0, 6] });
  });

  it('finds the whole definition of a given symbol', async () => {
    const { items, missingSymbols } = await ask('What is this?', { symbols: ['Cart.total'] });
    assert.deepEqual(missingSymbols, []);
    assert.deepEqual(
      items.map(({ place, item }) => [place.path, place.lines, item.kind]),
      [['shop/cart.ts', [1, 4], 'workspace']],
    );
  });

  it('finds the whole definition of a symbol, even if a part of it matches the words', async () => {
    for (const asks of [{ symbols: ['Cart'], workspace: true }, { symbols: ['Cart.total', 'Cart'] }]) {
      const { items } = await ask('Where are the prices of items summed?', asks);
      assert.deepEqual(
        items
          .filter(({ place }) => place.path === 'shop/cart.ts')
          .map(({ item }) => item.text.startsWith('export class Cart') && item.text.includes('return 1')),
        [true],
      );
    }
  });

  it('reports symbols that the workspace does not have', async () => {
    const { items, missingSymbols } = await ask('What is this?', {
      symbols: ['Nowhere', 'Cart.total', 'Cart.nothing'],
    });
    assert.deepEqual([items.length, missingSymbols], [1, ['Nowhere', 'Cart.nothing']]);
    assert.deepEqual(await workspaceItems(undefined, { messages: [], symbols: ['Cart'] }), {
      items: [],
      missingSymbols: ['Cart'],
    });
  });
});
