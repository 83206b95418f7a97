import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, it, mock } from 'node:test';
import { LaterSkips } from '../../../sidecar/workspaceIndex/laterSkips.ts';
import { FilesInMemory } from './filesInMemory.ts';
import { CART, MAIL, thread, workspaceOf } from './startedWorkspace.ts';

after(() => thread.dispose());

describe('files that are left out after the listing', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('are reported together, at most a line a minute', () => {
    const lines: string[] = [];
    const skips = new LaterSkips((line) => lines.push(line));
    skips.add({});
    mock.timers.tick(60_000);
    assert.deepEqual(lines, []);
    skips.add({ tooLarge: 1 });
    mock.timers.tick(59_999);
    skips.add({ tooLarge: 1, binary: 1 });
    mock.timers.tick(1);
    assert.deepEqual(lines.splice(0), [
      'index: skipped 3 files: 2 too large, 1 binary (as they changed, after the listing)',
    ]);
    skips.add({ unreadable: 1 });
    mock.timers.tick(60_000);
    assert.deepEqual(lines.splice(0), ['index: skipped 1 file: 1 unreadable (as they changed, after the listing)']);
    skips.add({ unreadable: 1 });
    skips.clear();
    mock.timers.tick(60_000);
    assert.deepEqual(lines, []);
  });

  it('are counted once each, new ones and ones that were indexed before', async () => {
    const [cart, mail, list, notes] = ['shop/cart.py', 'shop/mail.py', 'list.js', 'notes.py'].map((path) =>
      FilesInMemory.uri(path),
    ) as [string, string, string, string];
    const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
    const open: Record<string, string> = { [notes]: MAIL };
    const { workspace, lines } = workspaceOf(source, open);
    /** Resolves when the thread has answered all requests, and the requests that those caused. */
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        await thread.ask('statistics', { workspace: 'other' });
      }
    };
    workspace.start();
    await workspace.whenReady();
    lines.length = 0;
    source.texts['shop/cart.py'] = CART.repeat(20_000);
    source.texts['list.js'] = 'x'.repeat(6_000);
    for (const uri of [cart, mail, list, cart, list]) {
      workspace.changed({ changed: [{ uri, path: uri.replace('file:///project/', '') }] });
      await settle();
    }
    open[notes] = MAIL.repeat(20_000);
    for (let edit = 0; edit < 3; edit++) {
      workspace.documentChanged(notes, { kind: 'changed', line: 0 });
      mock.timers.tick(200);
      await settle();
    }
    assert.deepEqual(
      [cart, mail, list, notes].map((uri) => workspace.has(uri)),
      [false, true, false, false],
    );
    mock.timers.tick(60_000);
    assert.deepEqual(lines, [
      'index: skipped 3 files: 2 too large, 1 with endless lines (as they changed, after the listing)',
    ]);
    await workspace.close();
  });
});
