import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { Grammars, ParserEnded } from '../../../sidecar/syntax/grammars.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { FilesInMemory } from './filesInMemory.ts';

/** The Java parser takes at least quadratic time and memory for this. */
const BAD = 'a=>\n'.repeat(4_000);
/** No processor time, as on a machine that is too slow to use so much memory within the limit. */
const IDLE = { user: 0, system: 0 };
const GRAMMARS = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
const SCRIPT = `
  import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
  register();
  process.cpuUsage = () => (${JSON.stringify(IDLE)});
  await import(${JSON.stringify(import.meta.resolve('../../../sidecar/workspaceIndex/main.ts'))});
`;
const CART =
  'package shop;\n\npublic class Cart {\n  public double rebateFor(String tier) {\n    return 0.1;\n  }\n}\n';
const MAIN = 'import shop.Cart;\nimport shop.Bad;\n\nclass Main {\n  double rebate = cart.rebateFor(';

describe('a text at which a parser ends', () => {
  it('takes at most the memory of a parser, after which nothing is parsed', async (t) => {
    t.mock.method(process, 'cpuUsage', () => IDLE);
    const grammars = new Grammars(GRAMMARS);
    (await grammars.parse(CART, 'java'))?.delete();
    const before = process.memoryUsage.rss();
    await assert.rejects(grammars.parse(BAD, 'java'), ParserEnded);
    assert.ok(process.memoryUsage.rss() - before < 400e6, `${process.memoryUsage.rss() - before} bytes`);
    assert.equal(await grammars.parse(CART, 'java'), null);
    assert.equal(await grammars.parse('x = 1\n', 'python'), null, 'of a language that is not loaded yet');
  });

  const lost: string[] = [];
  const thread = new IndexThread(
    (error) => {
      lost.push(String(error));
      workspace.restart();
    },
    { files: { script: new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`), grammarsFolder: GRAMMARS } },
  );
  const files = new FilesInMemory({ 'shop/Bad.java': BAD, 'shop/Cart.java': CART });
  const workspace = new ClientWorkspace({
    key: 'parser',
    thread,
    source: files,
    openUris: () => [],
    openText: () => undefined,
    pathOf: (uri) => uri,
  });
  after(async () => {
    await workspace.close();
    await thread.dispose();
  });

  const snippetsFor = async (path: string, text: string): Promise<string> => {
    const query = { uri: FilesInMemory.uri(path), path, languageId: 'java', text, offset: text.length };
    const snippets = await workspace.snippets({ ...query, maxSnippetUnits: 3_000 });
    return snippets.map((each) => each.text).join('\n');
  };
  const said = 'IndexError: The parser of the index ended at a file, which is left out from now on';

  it('is left out of the index, which has the other files again', async () => {
    workspace.start();
    await workspace.whenReady();
    assert.equal(await snippetsFor('Main.java', MAIN), '');
    await workspace.whenReady();
    assert.match(await snippetsFor('Main.java', MAIN), /double rebateFor\(String tier\)/);
    assert.deepEqual(lost, [said]);
  });

  it('is not parsed again as the document of a request', async () => {
    for (let request = 0; request < 3; request++) {
      await snippetsFor('Own.java', BAD);
      await workspace.whenReady();
    }
    assert.match(await snippetsFor('Main.java', MAIN), /double rebateFor\(String tier\)/);
    assert.deepEqual(lost, [said, said]);
  });
});
