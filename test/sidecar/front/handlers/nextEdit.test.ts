import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SidecarState } from '../../../../sidecar/client/stateFile.ts';
import { FORGET_WORKSPACE_REQUEST, NEXT_EDIT_REQUEST, type NextEdit } from '../../../../sidecar/protocol/client.ts';
import { RawClient } from '../support/rawClient.ts';
import { TestHome } from '../support/sidecar.ts';

const URI = 'file:///project/a.ts';
const OTHER = 'file:///project/b.ts';
const TEXT = 'export const total = 1;\r\nshow(total);\r\n';

/** A change of one line, as editors send it. */
const change = (line: number, [from, to]: readonly [number, number], text: string): object => ({
  range: { start: { line, character: from }, end: { line, character: to } },
  text,
});

describe('chorus/nextEdit', () => {
  let home: TestHome;
  let state: SidecarState;
  before(async () => {
    home = await TestHome.create();
    state = await home.start();
  });
  after(() => home[Symbol.asyncDispose]());

  /** Opens the document and renames the constant. */
  async function renamed(): Promise<RawClient> {
    const client = await RawClient.initialized(state);
    client.open(URI, TEXT, 'typescript');
    edit(client, [change(0, [13, 18], 'sum')]);
    return client;
  }

  function edit(client: RawClient, contentChanges: readonly object[], version = 2): void {
    client.notify('textDocument/didChange', { textDocument: { uri: URI, version }, contentChanges });
  }

  async function suggestions(client: RawClient, params: object = {}): Promise<readonly NextEdit[]> {
    return (await client.request(NEXT_EDIT_REQUEST, params)).suggestions;
  }

  const USE = {
    range: { start: { line: 1, character: 5 }, end: { line: 1, character: 10 } },
    oldText: 'total',
    newText: 'sum',
  };

  it('returns the changes in open documents, with the texts that they replace', async () => {
    await using client = await renamed();
    assert.deepEqual(await suggestions(client), [
      { uri: URI, version: 2, kind: 'rename', confidence: 0.95, edits: [USE] },
    ]);
  });

  it('follows keystrokes, and changes that were applied one after the other', async () => {
    await using client = await renamed();
    edit(client, [change(0, [16, 16], 's'), change(0, [17, 17], 'A')], 3);
    assert.deepEqual((await suggestions(client))[0]?.edits[0]?.newText, 'sumsA');
  });

  it('returns nothing before an edit, after its undo, and after the document was closed', async () => {
    await using client = await renamed();
    edit(client, [change(0, [13, 16], 'total')], 3);
    assert.deepEqual(await suggestions(client), []);
    edit(client, [change(0, [13, 18], 'sum')], 4);
    client.notify('textDocument/didClose', { textDocument: { uri: URI } });
    assert.deepEqual(await suggestions(client), []);
  });

  it('returns nothing in documents that the client did not open, or from another client', async () => {
    await using client = await renamed();
    await using other = await RawClient.initialized(state);
    other.open(OTHER, "import { total } from './a';\nshow(total);\n", 'typescript');
    assert.deepEqual(await suggestions(other), []);
    assert.deepEqual(
      (await suggestions(client)).map(({ uri }) => uri),
      [URI],
    );
  });

  it('returns quick fixes for names that an edit brought', async () => {
    await using client = await renamed();
    const range = { start: { line: 0, character: 13 }, end: { line: 0, character: 16 } };
    const start = { line: 0, character: 0 };
    const fix = {
      textDocument: { uri: URI },
      title: 'Add "declare" to sum',
      range,
      edits: [{ range: { start, end: start }, newText: '// sum\n' }],
      isPreferred: true,
    };
    const kinds = (await suggestions(client, { fixes: [fix] })).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['rename', 'diagnostic']);
  });

  it('does not load a model to write changes', async () => {
    await using client = await renamed();
    assert.deepEqual(
      (await suggestions(client, { model: true })).map(({ kind }) => kind),
      ['rename'],
    );
    edit(client, [change(1, [5, 10], 'sum')], 3);
    assert.deepEqual(await suggestions(client, { model: true }), []);
  });

  it('refuses a request with a damaged wish for the model', async () => {
    await using client = await renamed();
    await assert.rejects(suggestions(client, { model: 'yes' }), /params\.model/);
  });

  it('forgets the edits with the workspace', async () => {
    await using client = await renamed();
    await client.request(FORGET_WORKSPACE_REQUEST, {});
    assert.deepEqual(await suggestions(client), []);
  });

  it('refuses a request with a damaged fix', async () => {
    await using client = await renamed();
    await assert.rejects(suggestions(client, { fixes: [{ title: 1 }] }), /params\.fixes\.0/);
  });
});
