import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { SourceDocument } from '../../../sidecar/nextEdits/suggester.ts';
import { Trees } from '../../../sidecar/nextEdits/trees.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import type { Tree } from '../../../sidecar/syntax/treeSitter.ts';

const GRAMMARS = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
const DENSE = 'a(b=>c[d]+{e:f});';

/** Counts the trees that are in the parser's memory. */
class CountedGrammars extends Grammars {
  live = 0;
  parses = 0;

  override async parse(text: string, grammar: string): Promise<Tree | null> {
    const tree = await super.parse(text, grammar);
    this.parses++;
    if (tree === null) return null;
    this.live++;
    const free = tree.delete.bind(tree);
    tree.delete = () => {
      this.live--;
      free();
    };
    return tree;
  }
}

/** A document with dense code of about so many Ki units. */
function dense(uri: string, kibiUnits: number): SourceDocument {
  const text = `${DENSE.repeat((kibiUnits * 1024) / DENSE.length)}//${uri}`;
  return { uri, path: uri, languageId: 'typescript', text };
}

describe('the syntax trees of documents', () => {
  it('are kept while the texts stay the same', async () => {
    const grammars = new CountedGrammars(GRAMMARS);
    const trees = new Trees(grammars);
    for (const kibiUnits of [1, 1, 2, 2])
      await trees.reading('w', async (root) => assert.ok(await root(dense('a.ts', kibiUnits))));
    assert.deepEqual([grammars.parses, grammars.live], [2, 1]);
  });

  it('stay readable until the request ends, and then make room', async () => {
    const grammars = new CountedGrammars(GRAMMARS);
    const trees = new Trees(grammars);
    await trees.reading('w', async (root) => {
      const first = await root(dense('0.ts', 90));
      for (const uri of ['1.ts', '2.ts', '3.ts', '4.ts']) assert.ok(await root(dense(uri, 90)));
      assert.equal(await root(dense('5.ts', 90)), undefined, 'no room');
      assert.match(first?.lastChild?.text ?? '', /^\/\/0\.ts$/);
      assert.equal(grammars.live, 5);
    });
    await trees.reading('w', async (root) => assert.ok(await root(dense('5.ts', 90))));
    assert.equal(grammars.live, 5);
  });

  it('of many large documents do not end the parser', async () => {
    const trees = new Trees(new Grammars(GRAMMARS));
    for (let request = 0; request < 2; request++)
      await trees.reading('w', async (root) => {
        for (let file = 0; file < 16; file++) await root(dense(`${request}/${file}.ts`, 98));
      });
    await trees.reading('w', async (root) => assert.ok(await root(dense('last.ts', 250))));
  });

  it('of many short texts are bounded in number', async () => {
    const grammars = new CountedGrammars(GRAMMARS);
    const trees = new Trees(grammars);
    for (let file = 0; file < 150; file++)
      await trees.reading('w', async (root) => assert.ok(await root({ ...dense(`${file}.ts`, 0), text: 'a' })));
    assert.equal(grammars.live, 128);
  });

  it('are freed with their workspace, when the last request ends', async () => {
    const grammars = new CountedGrammars(GRAMMARS);
    const trees = new Trees(grammars);
    await trees.reading('other', async (root) => assert.ok(await root(dense('a.ts', 1))));
    await trees.reading('w', async (root) => {
      const node = await root(dense('a.ts', 1));
      trees.forget('w');
      assert.match(node?.text ?? '', /^a\(b/);
      assert.equal(grammars.live, 2);
    });
    assert.equal(grammars.live, 1);
    trees.forget('other');
    assert.equal(grammars.live, 0);
  });
});
