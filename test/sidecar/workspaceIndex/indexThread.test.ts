import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { IndexThread, type IndexThreadOptions } from '../../../sidecar/workspaceIndex/indexThread.ts';
import type { FileText } from '../../../sidecar/workspaceIndex/workspaceIndex.ts';

/**
 * A thread that hangs forever at next edits with a document, and at a file with the text "hang". It ends at "end", and
 * loses its parser at "parser". At a number it is busy for that many milliseconds.
 */
const SCRIPT = `
  import { parentPort, workerData } from 'node:worker_threads';
  const mark = new Int32Array(workerData.markMemory);
  const files = new Set();
  parentPort.on('message', ({ id, method, params }) => {
    if (params.request?.documents.length > 0) {
      Atomics.store(mark, 0, id);
      Atomics.store(mark, 1, 3);
      for (;;);
    }
    for (const [place, { uri, text }] of (params.files ?? []).entries()) {
      if (method !== 'put') continue;
      Atomics.store(mark, 0, id);
      Atomics.store(mark, 1, place);
      if (text === 'hang') for (;;);
      if (text === 'end') process.exit(1);
      if (text === 'parser') return parentPort.postMessage({ id, error: 'ParserEnded', endedAt: uri });
      const until = performance.now() + Number(text);
      while (performance.now() < until);
      files.add(uri);
    }
    parentPort.postMessage({ id, result: { files: files.size } });
  });
`;

const options: IndexThreadOptions = {
  files: { script: new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`), grammarsFolder: '' },
  hangLimitMs: 500,
};
const filesOf = (texts: Record<string, string>): FileText[] =>
  Object.entries(texts).map(([uri, text]) => ({ uri, path: uri, text, revision: 0 }));

// The thread does not keep the process alive.
const awake = setInterval(() => undefined, 1_000);
after(() => clearInterval(awake));

describe('a file at which the thread of the index hangs', () => {
  const lost: unknown[] = [];
  const thread = new IndexThread((error) => lost.push(error), options);
  after(() => thread.dispose());
  const put = (texts: Record<string, string>): Promise<void> =>
    thread.ask('put', { workspace: 'w', files: filesOf(texts) });
  const count = async (): Promise<number> => (await thread.ask('statistics', { workspace: 'w' })).files;

  it('ends the thread, and the next thread leaves it out', async () => {
    await assert.rejects(put({ 'a.py': '0', 'bad.py': 'hang', 'c.py': '0' }), { name: 'IndexError' });
    assert.deepEqual(lost.map(String), [
      'IndexError: The thread of the index hung at a file, which is left out from now on',
    ]);
    await put({ 'a.py': '0', 'bad.py': 'hang', 'c.py': '0' });
    assert.equal(await count(), 2);
  });

  it('is not found if many files together take long', async () => {
    await put(Object.fromEntries(Array.from({ length: 6 }, (_, number) => [`slow${number}.py`, '150'])));
    assert.equal(lost.length, 1);
    assert.equal(await count(), 8);
  });

  it('turns the index off if there are too many such files', async () => {
    for (const uri of ['2', '3', '4', '5']) await assert.rejects(put({ [uri]: 'hang' }), { name: 'IndexError' });
    assert.equal(lost.length, 4);
    await assert.rejects(count(), /off/);
  });
});

describe('next edits at which the thread of the index hangs', () => {
  const lost: unknown[] = [];
  const thread = new IndexThread((error) => lost.push(error), options);
  after(() => thread.dispose());
  const document = { uri: 'a.py', path: 'a.py', languageId: 'python', text: '' };
  const ask = (workspace: string, documents: readonly (typeof document)[]): Promise<unknown> =>
    thread.ask('nextEdits', { workspace, request: { edits: [], documents } });

  it('end the thread, and are off in their workspace', async () => {
    await assert.rejects(ask('one', [document]), { name: 'IndexError' });
    assert.deepEqual(lost.map(String), [
      'IndexError: The thread of the index hung at next edits, which are off in their workspace from now on',
    ]);
    await assert.rejects(ask('one', []), /Next edits are off in this workspace/);
    await ask('other', []);
    await thread.ask('put', { workspace: 'one', files: filesOf({ 'a.py': '0' }) });
    assert.equal(lost.length, 1);
  });
});

describe('a file at which the parser ends', () => {
  const lost: unknown[] = [];
  const thread = new IndexThread((error) => lost.push(error), options);
  after(() => thread.dispose());
  const put = (uri: string): Promise<void> =>
    thread.ask('put', { workspace: 'w', files: filesOf({ [uri]: 'parser' }) });

  it('restarts the thread five times; then the thread goes on without a parser', async () => {
    for (const uri of ['1', '2', '3', '4', '5', '6', '7']) await assert.rejects(put(uri), { name: 'IndexError' });
    assert.equal(lost.length, 5);
    await put('1');
    await thread.ask('put', { workspace: 'w', files: filesOf({ 'a.py': '0' }) });
    assert.equal((await thread.ask('statistics', { workspace: 'w' })).files, 1);
  });
});

describe("a workspace's index", () => {
  const thread = new IndexThread();
  after(() => thread.dispose());
  const indexes = async (): Promise<number> => (await thread.ask('statistics', { workspace: 'other' })).indexes;
  const place = {
    uri: 'a.py',
    path: 'a.py',
    languageId: 'python',
    text: '',
    offset: 0,
    maxSnippetUnits: 1_000,
    openUris: [],
    edits: [],
    definitions: [],
    problems: [],
  };

  it('is created by files only, not by a request after the client disconnected', async () => {
    const workspace = 'left';
    await thread.ask('put', { workspace, files: filesOf({ 'a.py': 'def f(): pass\n' }) });
    assert.equal(await indexes(), 1);
    await thread.ask('select', { workspace, query: place });
    await thread.ask('forget', { workspace });
    await thread.ask('put', { workspace, files: [] });
    await thread.ask('remove', { workspace, uris: ['a.py'] });
    await thread.ask('retain', { workspace, uris: [] });
    await thread.ask('giveTexts', { workspace, files: [{ uri: 'a.py', text: 'x' }] });
    assert.deepEqual(await thread.ask('select', { workspace, query: place }), { missing: [] });
    assert.deepEqual(await thread.ask('needed', { workspace, words: 'f', openUris: [] }), { missing: [] });
    assert.deepEqual(await thread.ask('rank', { workspace, query: place }), []);
    assert.deepEqual(await thread.ask('texts', { workspace, query: place, maxUnits: 1_000 }), []);
    assert.deepEqual(await thread.ask('search', { workspace, words: 'f', limit: 1, openUris: [] }), []);
    assert.deepEqual(await thread.ask('symbols', { workspace, name: 'f', limit: 1 }), []);
    assert.equal(await indexes(), 0);
  });
});

describe('a thread that ends by itself', () => {
  const lost: boolean[] = [];
  let nowMs = 0;
  const thread = new IndexThread((_, isRepeated) => lost.push(isRepeated), { ...options, now: () => nowMs });
  after(() => thread.dispose());
  const end = (): Promise<void> =>
    assert.rejects(thread.ask('put', { workspace: 'w', files: filesOf({ 'a.py': 'end' }) }), { name: 'IndexError' });

  it('is reported as repeated if it ended before within an hour', async () => {
    await end();
    nowMs += 30 * 60_000;
    await end();
    nowMs += 30 * 60_000;
    await end();
    nowMs += 60 * 60_000;
    await end();
    assert.deepEqual(lost, [false, true, true, false]);
  });

  it('is distinguished from a thread that hangs', async () => {
    await assert.rejects(thread.ask('put', { workspace: 'w', files: filesOf({ 'b.py': 'hang' }) }), {
      name: 'IndexError',
    });
    assert.deepEqual(lost.slice(4), [false]);
  });
});
