import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { workspaceItems } from '../../../sidecar/chat/workspaceItems.ts';
import { ClientWorkspace } from '../../../sidecar/context/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/context/indexThread.ts';
import { FilesInMemory } from '../context/filesInMemory.ts';

const thread = new IndexThread();
after(() => thread.dispose());

const longOf = (name: string, lines: number): string => `export function ${name}(): void {\n${"  writeLine('a line of one function, as long as lines of code are on average');\n".repeat(lines)}}\n`;
const source = new FilesInMemory({
  'shop/report.ts': longOf('writeReport', 60) + longOf('writeSummary', 60),
  'shop/cart.ts': 'export class Cart {\n  /** Sums the prices of all items. */\n  total(): number {\n    return 1;\n  }\n}\n',
  'shop/mail.ts': 'export function sendMail(address: string): void {\n  throw new Error(address);\n}\n',
});
const files = new ClientWorkspace({ key: 'chat', thread, source, openUris: () => [], openText: () => undefined, pathOf: (uri) => uri });

describe('what of the workspace goes with a question', () => {
  const ask = async (content: string, asks: { workspace?: boolean; symbols?: string[] }) => workspaceItems(files, { messages: [{ role: 'user', content }], ...asks });

  it('is nothing where the question does not ask', async () => {
    files.start();
    assert.deepEqual(await ask('Where are the prices of items summed?', {}), { items: [], missingSymbols: [] });
  });

  it('is what fits its words, with its place', async () => {
    const { items: [first] } = await ask('Where are the prices of items summed?', { workspace: true });
    assert.match(first?.item.text ?? '', /total\(\): number/);
    assert.deepEqual(first?.place, { uri: FilesInMemory.uri('shop/cart.ts'), path: 'shop/cart.ts', lines: [0, 6] });
  });

  it('is the definition of a symbol that it names, whole', async () => {
    const { items, missingSymbols } = await ask('What is this?', { symbols: ['Cart.total'] });
    assert.deepEqual(missingSymbols, []);
    assert.deepEqual(items.map(({ place, item }) => [place.path, place.lines, item.kind]), [['shop/cart.ts', [1, 4], 'workspace']]);
  });

  it('is the definition of what it names in passing, also where a former question did, once', async () => {
    const placesOf = async (contents: string[], asks: Partial<Parameters<typeof workspaceItems>[1]> = {}): Promise<readonly unknown[]> => {
      const { items, missingSymbols } = await workspaceItems(files, { messages: contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })), ...asks });
      assert.deepEqual(missingSymbols, [], 'nobody asked for it');
      return items.map(({ place }) => [place.path, ...place.lines]);
    };
    const mail = ['shop/mail.ts', 0, 2];
    assert.deepEqual(await placesOf(['What does sendMail do?']), [mail]);
    assert.deepEqual(await placesOf(['What does sendMail do?', 'It calls writeNothing.', 'And in German, compared with undefinedName?']), [mail]);
    assert.deepEqual(await placesOf(['Is `total` called by Cart.total() of `Cart`?']), [['shop/cart.ts', 0, 5]], 'a method stands in its class');
    assert.deepEqual(await placesOf(['What does sendMail do?'], { symbols: ['sendMail'] }), [mail]);
    const given = { kind: 'file', uri: FilesInMemory.uri('shop/mail.ts'), text: '' } as const;
    assert.deepEqual(await placesOf(['What does sendMail do?'], { context: [given] }), []);
    assert.deepEqual(await placesOf(['What does sendMail do?'], { context: [{ ...given, kind: 'selection', lines: [1, 1] }] }), [mail]);
  });

  it('is no more of what it names in passing than is read in a moment', async () => {
    const { items } = await ask('What do writeReport and writeSummary do?', {});
    assert.deepEqual(items.map(({ place }) => place.lines[0]), [0, 62]);
    const units = items.reduce((sum, { item }) => sum + item.text.length, 0);
    assert.ok(units > 5_900 && units <= 6_000, `${units} units`);
    assert.ok(items.every(({ item, place }) => item.text.split('\n').length === place.lines[1] - place.lines[0] + 1));
    const { items: asked } = await ask('What do writeReport and writeSummary do?', { symbols: ['writeReport', 'writeSummary'] });
    assert.deepEqual(asked.map(({ place }) => place.lines), [[0, 61], [62, 123]], 'what is asked for is whole');
  });

  it('says which symbols the workspace does not have', async () => {
    const { items, missingSymbols } = await ask('What is this?', { symbols: ['Nowhere', 'Cart.total', 'Cart.nothing'] });
    assert.deepEqual([items.length, missingSymbols], [1, ['Nowhere', 'Cart.nothing']]);
    assert.deepEqual(await workspaceItems(undefined, { messages: [], symbols: ['Cart'] }), { items: [], missingSymbols: ['Cart'] });
  });
});
