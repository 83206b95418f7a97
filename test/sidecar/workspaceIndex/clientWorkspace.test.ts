import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { revisionOf } from '../../../sidecar/workspaceIndex/revision.ts';
import { until } from '../front/support/sidecar.ts';
import { FilesInMemory } from './filesInMemory.ts';
import { CART, MAIL, MAIN, snippetsOf, started, thread, workspaceOf } from './startedWorkspace.ts';

after(() => thread.dispose());

/** Makes the next read take the present texts, and answer only when the returned function is called. */
function holdNextRead(source: FilesInMemory): () => void {
  const read = source.read.bind(source);
  let answer = (): void => undefined;
  source.read = async (uris) => {
    source.read = read;
    const result = await read(uris);
    await new Promise<void>((resolve) => (answer = resolve));
    return result;
  };
  return () => answer();
}

describe('a workspace', () => {
  it('ranks an imported file first, with its signatures', async () => {
    const workspace = await started(new FilesInMemory({ 'shop/mail.py': MAIL, 'shop/cart.py': CART, 'main.py': MAIN }));
    const { paths, text } = await snippetsOf(workspace);
    assert.equal(paths[0], 'shop/cart.py');
    assert.match(text, /def rebate_for\(tier: str, total: float\) -> float:/);
    assert.ok(!paths.includes('main.py'), 'the document itself is no context');
  });

  it('finds the file that defines a name without an import', async () => {
    const workspace = await started(new FilesInMemory({ 'a/mail.py': MAIL, 'b/cart.py': CART }));
    assert.equal((await snippetsOf(workspace, 'send_mail(')).paths[0], 'a/mail.py');
  });

  it('reads all pages of a listing', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 25 }, (_, number) => [`f${number}.py`, `def f${number}(): pass\n`]),
    );
    const workspace = await started(new FilesInMemory(files, 10));
    assert.deepEqual(workspace.state, { state: 'ready', files: 25 });
  });

  it('stops at the most files of an index, and logs that', async () => {
    const source = (files: number): FilesInMemory =>
      new FilesInMemory(
        Object.fromEntries(Array.from({ length: files }, (_, number) => [`f${number}.py`, `def f${number}(): pass\n`])),
        10,
      );
    for (const [files, maxFiles, isCut] of [
      [25, 20, true],
      [25, 15, true],
      [20, 20, false],
      [25, 30, false],
    ] as const) {
      const { workspace, lines } = workspaceOf(source(files), {}, { maxFiles });
      workspace.start();
      await workspace.whenReady();
      assert.deepEqual(workspace.state, { state: 'ready', files: Math.min(files, maxFiles) });
      assert.deepEqual(
        lines.slice(1),
        isCut ? [`index: the workspace has more than ${maxFiles} files, the rest was left out`] : [],
      );
    }
  });

  it('has a file that appeared behind the running listing', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 4 }, (_, number) => [`f${number}.py`, `def f${number}(): pass\n`]),
    );
    const source = new FilesInMemory(files, 2);
    const { workspace } = workspaceOf({
      read: (uris) => source.read(uris),
      list: async (next) => {
        if (next !== undefined) {
          source.texts['a.py'] = CART;
          workspace.changed({ changed: [{ uri: FilesInMemory.uri('a.py'), path: 'a.py' }] });
          await until(() => workspace.has(FilesInMemory.uri('a.py')), 'it is read');
        }
        const { files: listed, next: more } = await source.list(next);
        return { files: listed.filter(({ path }) => path !== 'a.py'), ...(more === undefined ? {} : { next: more }) };
      },
    });
    workspace.start();
    await workspace.whenReady();
    assert.equal(workspace.has(FilesInMemory.uri('a.py')), true);
    assert.equal(workspace.state.state, 'ready');
  });

  it('has the new text of a changed file, and no deleted file', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
    const workspace = await started(source);
    source.texts['shop/cart.py'] = CART.replaceAll('tier', 'customer_level');
    workspace.changed({ changed: [{ uri: FilesInMemory.uri('shop/cart.py'), path: 'shop/cart.py' }] });
    await until(async () => (await snippetsOf(workspace)).text.includes('customer_level'), 'the change is seen');
    const uri = FilesInMemory.uri('shop/cart.py');
    const [{ revision } = {}] = await workspace.symbols('rebate_for', 1);
    assert.equal(workspace.has(uri, revision), true);
    assert.equal(workspace.has(uri, revisionOf(CART)), false, 'a piece of the former text is known by its revision');
    workspace.changed({ deleted: [FilesInMemory.uri('shop')] });
    await until(async () => (await snippetsOf(workspace)).paths.length === 0, 'the folder is gone');
    assert.equal(workspace.has(FilesInMemory.uri('shop/cart.py')), false);
  });

  it('has the editor’s text of an open document, and the disk’s text once it is closed', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART });
    const uri = FilesInMemory.uri('shop/cart.py');
    const open: Record<string, string> = { [uri]: CART.replaceAll('tier', 'unsaved') };
    const workspace = await started(source, open);
    assert.match((await snippetsOf(workspace)).text, /unsaved/);
    assert.ok(!source.asked.includes(uri), 'the disk is not read for it');
    open[uri] = CART.replaceAll('tier', 'edited');
    workspace.documentChanged(uri, { kind: 'changed', line: 0 });
    await until(async () => (await snippetsOf(workspace)).text.includes('edited'), 'the edit is seen');
    delete open[uri];
    workspace.documentChanged(uri, { kind: 'closed' });
    await until(async () => (await snippetsOf(workspace)).text.includes('tier'), 'the file on disk is seen');
  });

  it('returns the lines that the user edited in other documents', async () => {
    const open = { [FilesInMemory.uri('notes.py')]: 'x = 1\n'.repeat(30) + 'edited_here = 2\n' + 'y = 1\n'.repeat(30) };
    const workspace = await started(new FilesInMemory({}), open);
    workspace.documentChanged(FilesInMemory.uri('notes.py'), { kind: 'changed', line: 30 });
    const snippets = await workspace.snippets({
      uri: FilesInMemory.uri('main.py'),
      path: 'main.py',
      languageId: 'python',
      text: 'z',
      offset: 1,
      maxSnippetUnits: 3_000,
    });
    assert.match(snippets.find(({ kind }) => kind === 'edit')?.text ?? '', /edited_here = 2/);
  });

  it('forgets at once and reads again when different files may be read', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
    const workspace = await started(source);
    delete source.texts['shop/cart.py'];
    workspace.changed({ reset: true });
    assert.equal(workspace.has(FilesInMemory.uri('shop/cart.py')), false);
    await workspace.whenReady();
    const { paths } = await snippetsOf(workspace);
    assert.ok(!paths.includes('shop/cart.py'));
    assert.equal(workspace.has(FilesInMemory.uri('shop/mail.py')), true);
  });

  const ends: Readonly<Record<string, (source: FilesInMemory) => void>> = {
    'can no longer be read': (source) => void delete source.texts['shop/cart.py'],
    'has grown too large': (source) => void (source.texts['shop/cart.py'] = CART.repeat(20_000)),
  };
  for (const [says, end] of Object.entries(ends)) {
    it(`loses a file that ${says}`, async () => {
      const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
      const workspace = await started(source);
      end(source);
      workspace.changed({ changed: [{ uri: FilesInMemory.uri('shop/cart.py'), path: 'shop/cart.py' }] });
      await until(async () => !workspace.has(FilesInMemory.uri('shop/cart.py')), 'the file is gone');
      assert.ok(!(await snippetsOf(workspace)).paths.includes('shop/cart.py'));
      assert.equal(workspace.has(FilesInMemory.uri('shop/mail.py')), true);
    });
  }

  it('ignores an answer to a request from before a reset', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
    const workspace = await started(source);
    const answer = holdNextRead(source);
    workspace.changed({ changed: [{ uri: FilesInMemory.uri('shop/cart.py'), path: 'shop/cart.py' }] });
    await until(async () => source.asked.length > 2, 'the file is asked for');
    delete source.texts['shop/cart.py'];
    workspace.changed({ reset: true });
    await workspace.whenReady();
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(workspace.has(FilesInMemory.uri('shop/cart.py')), false);
    assert.ok(!(await snippetsOf(workspace)).paths.includes('shop/cart.py'));
  });

  for (const deleted of ['shop/cart.py', 'shop']) {
    it(`does not bring back a file if ${deleted} is deleted while the file is read`, async () => {
      const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
      const workspace = await started(source);
      const answer = holdNextRead(source);
      workspace.changed({ changed: [{ uri: FilesInMemory.uri('shop/cart.py'), path: 'shop/cart.py' }] });
      await until(async () => source.asked.length > 2, 'the file is asked for');
      workspace.changed({ deleted: [FilesInMemory.uri(deleted)] });
      answer();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(workspace.has(FilesInMemory.uri('shop/cart.py')), false);
      assert.ok(!(await snippetsOf(workspace)).paths.includes('shop/cart.py'));
    });
  }

  it('keeps the newer of two answers, whichever comes first', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART });
    const workspace = await started(source);
    const uri = FilesInMemory.uri('shop/cart.py');
    const older = CART.replaceAll('tier', 'older');
    const newer = CART.replaceAll('tier', 'newer');
    const answer = holdNextRead(source);
    for (const text of [older, newer]) {
      source.texts['shop/cart.py'] = text;
      workspace.changed({ changed: [{ uri, path: 'shop/cart.py' }] });
    }
    await until(() => workspace.has(uri, revisionOf(newer)), 'the newer text is read');
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(workspace.has(uri, revisionOf(newer)), true);
    assert.match((await snippetsOf(workspace)).text, /newer/);
  });

  it('keeps a file that an older read did not find', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART });
    const workspace = await started(source);
    const uri = FilesInMemory.uri('shop/cart.py');
    const answer = holdNextRead(source);
    delete source.texts['shop/cart.py'];
    workspace.changed({ changed: [{ uri, path: 'shop/cart.py' }] });
    source.texts['shop/cart.py'] = MAIL;
    workspace.changed({ changed: [{ uri, path: 'shop/cart.py' }] });
    await until(() => workspace.has(uri, revisionOf(MAIL)), 'the newer text is read');
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(workspace.has(uri, revisionOf(MAIL)), true);
  });

  it('keeps the text of a document that was opened while its file was read', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART });
    const open: Record<string, string> = {};
    const read = source.read.bind(source);
    source.read = async (uris) => {
      open[FilesInMemory.uri('shop/cart.py')] = CART.replaceAll('tier', 'unsaved');
      workspace.documentChanged(FilesInMemory.uri('shop/cart.py'), { kind: 'opened' });
      return read(uris);
    };
    const { workspace } = workspaceOf(source, open);
    workspace.start();
    await until(async () => (await snippetsOf(workspace)).text.includes('unsaved'), 'the document is there');
  });

  it('returns nothing of another workspace', async () => {
    const [one, other] = [
      await started(new FilesInMemory({ 'shop/cart.py': CART })),
      await started(new FilesInMemory({ 'shop/mail.py': MAIL })),
    ];
    assert.deepEqual(
      (await snippetsOf(other)).paths.filter((path) => path.includes('cart')),
      [],
    );
    assert.deepEqual(await other.symbols('rebate_for', 5), []);
    assert.deepEqual(await other.search('rebate_for tier total', 5), []);
    assert.equal((await one.symbols('rebate_for', 5)).length, 1);
  });

  it('ignores the text of a file that it did not request', async () => {
    const source = new FilesInMemory({ 'shop/cart.py': CART });
    const read = source.read.bind(source);
    source.read = async (uris) => ({
      files: [...(await read(uris)).files, { uri: FilesInMemory.uri('.env'), text: 'rebate_for(SECRET)' }],
      remaining: [],
    });
    const workspace = await started(source);
    assert.ok(!(await snippetsOf(workspace)).text.includes('SECRET'));
  });

  it('requests texts again that are no longer in memory', async () => {
    const large = Array.from(
      { length: 40 },
      (_, file) => [`big${file}.txt`, `word${file} `.repeat(90).concat('\n').repeat(1_200)] as const,
    );
    const source = new FilesInMemory({ 'shop/cart.py': CART, ...Object.fromEntries(large) });
    const workspace = await started(source);
    source.asked.length = 0;
    assert.match((await snippetsOf(workspace)).text, /def rebate_for/);
    assert.ok(source.asked.includes(FilesInMemory.uri('shop/cart.py')));
  });
});

describe('a client that disconnects', () => {
  it('leaves no index behind between two requests', async () => {
    const indexes = async (): Promise<number> => (await thread.ask('statistics', { workspace: 'other' })).indexes;
    const before = await indexes();
    const workspace = await started(new FilesInMemory({ 'shop/cart.py': CART, 'main.py': MAIN }));
    assert.equal(await indexes(), before + 1);
    const asked = [snippetsOf(workspace), workspace.search('rebate', 3), workspace.symbols('rebate_for', 3)];
    await workspace.close();
    await Promise.all(asked);
    assert.equal(await indexes(), before);
  });
});
