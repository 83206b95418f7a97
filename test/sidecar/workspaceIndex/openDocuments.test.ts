import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { revisionOf } from '../../../sidecar/workspaceIndex/revision.ts';
import { until } from '../front/support/sidecar.ts';
import { FilesInMemory } from './filesInMemory.ts';
import { CART, MAIL, snippetsOf, started, thread } from './startedWorkspace.ts';

after(() => thread.dispose());

describe('a workspace with open documents', () => {
  it('drops an open document that has become too large', async () => {
    const uri = FilesInMemory.uri('shop/cart.py');
    const large = CART.repeat(20_000);
    const open: Record<string, string> = { [uri]: large };
    const workspace = await started(new FilesInMemory({ 'shop/cart.py': large, 'shop/mail.py': MAIL }), open);
    assert.equal(workspace.has(uri), false, 'it is listed');
    open[uri] = CART;
    workspace.documentChanged(uri, { kind: 'changed', line: 0 });
    await until(() => workspace.has(uri), 'it has become small');
    open[uri] = large;
    workspace.documentChanged(uri, { kind: 'changed', line: 0 });
    await until(() => !workspace.has(uri), 'it has become large');
    assert.ok(!(await snippetsOf(workspace)).paths.includes('shop/cart.py'));
  });

  it('has an edit of an open document while editing continues', async () => {
    const uri = FilesInMemory.uri('shop/cart.py');
    const open: Record<string, string> = { [uri]: CART };
    const workspace = await started(new FilesInMemory({ 'shop/cart.py': CART }), open);
    let edits = 0;
    const editing = setInterval(() => {
      open[uri] = `${CART}# ${++edits}\n`;
      workspace.documentChanged(uri, { kind: 'changed', line: 3 });
    }, 20);
    try {
      await until(() => !workspace.has(uri, revisionOf(CART)), 'an edit is seen');
    } finally {
      clearInterval(editing);
      await workspace.close();
    }
  });

  it('drops an open document that may no longer be read, even before the editor closes it', async () => {
    const [cart, notes] = [FilesInMemory.uri('shop/cart.py'), FilesInMemory.uri('notes.py')];
    const source = new FilesInMemory({ 'shop/cart.py': CART, 'shop/mail.py': MAIL });
    const open: Record<string, string> = { [cart]: CART, [notes]: MAIL };
    const workspace = await started(source, open);
    delete source.texts['shop/cart.py'];
    const list = source.list.bind(source);
    let wasThere = false;
    source.list = async (page) => {
      wasThere ||= workspace.has(cart);
      // The editor closes the document while it judges the files again.
      delete open[cart];
      workspace.documentChanged(cart, { kind: 'closed' });
      return list(page);
    };
    workspace.changed({ reset: true });
    await workspace.whenReady();
    assert.equal(wasThere, false);
    assert.equal(workspace.has(cart), false);
    assert.equal(workspace.has(notes), true, 'one that no listing names is there again');
  });

  it('stops putting open documents when a reset comes', async () => {
    const [first, second] = [FilesInMemory.uri('first.py'), FilesInMemory.uri('second.py')];
    const source = new FilesInMemory({});
    const open: Record<string, string> = { [first]: CART, [second]: MAIL };
    const workspace = await started(source, open);
    const list = source.list.bind(source);
    const wasThere: boolean[] = [];
    source.list = async (page) => {
      wasThere.push(workspace.has(second));
      return list(page);
    };
    let isReset = false;
    Object.defineProperty(open, first, {
      enumerable: true,
      get: () => {
        if (!isReset) workspace.changed({ reset: true });
        isReset = true;
        return CART;
      },
    });
    workspace.changed({ reset: true });
    await workspace.whenReady();
    assert.deepEqual(wasThere, [false, false]);
    assert.equal(workspace.has(second), true);
  });
});
