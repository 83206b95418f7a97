import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  WORKSPACE_CHANGE_NOTIFICATION,
  WORKSPACE_TABS_NOTIFICATION,
  type WorkspaceChange,
  type WorkspaceTabs,
} from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, TabInputNotebook, TabInputText, Uri, workspace } from '../documents/support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { WorkspaceSync } = await import('../../../extension/workspace/workspaceSync.ts');
type Client = Parameters<InstanceType<typeof WorkspaceSync>['attach']>[0];

interface Window {
  readonly create: (...files: string[]) => void;
  readonly delete: (...files: string[]) => void;
  /** Moves a folder. As in VS Code, only the folder is reported. */
  readonly move: (from: string, to: string) => void;
  readonly write: (files: Readonly<Record<string, string>>) => void;
  readonly judge: (file: string) => Promise<string>;
  /** Disconnects the sidecar. */
  readonly detach: () => void;
  /** Waits until pending changes are sent. */
  readonly settle: () => Promise<void>;
}

/** Returns the sidecar's notifications about the events in a window with these files. */
async function toldOf(
  files: Readonly<Record<string, string>>,
  happens: (window: Window) => void | Promise<void>,
  isTrusted = true,
): Promise<WorkspaceChange[]> {
  fake.open(['/ws'], files);
  workspace.isTrusted = isTrusted;
  const told: WorkspaceChange[] = [];
  const sendNotification = async (method: string, params: WorkspaceChange): Promise<void> => {
    if (method === WORKSPACE_CHANGE_NOTIFICATION.method) told.push(params);
  };
  const policy = new DocumentPolicy(assert.fail);
  const sync = new WorkspaceSync(
    policy,
    () => undefined,
    (error) => assert.fail(String(error)),
  );
  sync.attach({ sendNotification } as unknown as Client);
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    await happens(windowOf(policy, sync));
    await settle();
  } finally {
    mock.timers.reset();
    sync.dispose();
    policy.dispose();
  }
  return told;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    mock.timers.tick(60);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }
}

function windowOf(policy: InstanceType<typeof DocumentPolicy>, sync: InstanceType<typeof WorkspaceSync>): Window {
  const window: Window = {
    create: (...paths) => paths.forEach((path) => fake.created.fire(Uri.file(path))),
    delete: (...paths) => paths.forEach((path) => fake.deleted.fire(Uri.file(path))),
    move: (from, to) => {
      fake.files = new Map(
        [...fake.files].map(([path, text]) => [
          path.startsWith(`${from}/`) ? to + path.slice(from.length) : path,
          text,
        ]),
      );
      if (from.startsWith('/ws/')) window.delete(from);
      window.create(to);
    },
    write: (files) => Object.entries(files).forEach(([path, text]) => fake.files.set(path, text)),
    judge: (file) => policy.judge(Uri.file(file) as unknown as Parameters<typeof policy.judge>[0]),
    detach: () => sync.attach(undefined),
    settle,
  };
  return window;
}

/** Returns the paths of all files reported as changed. */
const changedIn = (told: readonly WorkspaceChange[]): string[] =>
  told.flatMap(({ changed = [] }) => changed.map(({ path }) => path)).sort();

describe('a deletion', () => {
  const cases: readonly (readonly [what: string, path: string, isTold: boolean])[] = [
    ['of a file', '/ws/src/a.ts', true],
    ['of a folder with a name like a binary file', '/ws/src/cart.lib', true],
    ['in a folder that is never walked', '/ws/node_modules/left-pad/index.js', false],
    ["in a repository's own folder", '/ws/library/.git/index.lock', false],
    ['outside of the workspace', '/other/a.ts', false],
  ];
  for (const [what, path, isTold] of cases) {
    it(`${what} is ${isTold ? 'reported' : 'not reported'}`, async () => {
      assert.deepEqual(
        await toldOf({}, (window) => window.delete(path)),
        isTold ? [{ deleted: [`file://${path}`] }] : [],
      );
    });
  }

  it('in an untrusted workspace is not reported', async () => {
    assert.deepEqual(await toldOf({}, (window) => window.delete('/ws/src/a.ts'), false), []);
  });
});

describe('a moved folder', () => {
  it('is reported by its files, after the deleted ones', async () => {
    const told = await toldOf({ '/ws/src/a.ts': '', '/ws/src/deep/b.ts': '' }, ({ move }) =>
      move('/ws/src', '/ws/lib'),
    );
    assert.deepEqual(told, [
      { deleted: ['file:///ws/src'] },
      {
        changed: [
          { uri: 'file:///ws/lib/a.ts', path: 'lib/a.ts' },
          { uri: 'file:///ws/lib/deep/b.ts', path: 'lib/deep/b.ts' },
        ],
      },
    ]);
  });

  it('is reported without the files that the rules exclude if it is moved into the workspace', async () => {
    const files = {
      '/ws/.gitignore': '*.gen.ts\n',
      '/other/lib/a.ts': '',
      '/other/lib/a.gen.ts': '',
      '/other/lib/.env': '',
      '/other/lib/node_modules/x/b.ts': '',
      '/other/lib/icon.png': '',
    };
    assert.deepEqual(changedIn(await toldOf(files, ({ move }) => move('/other/lib', '/ws/lib'))), ['lib/a.ts']);
  });

  const kept: readonly (readonly [what: string, path: string])[] = [
    ['that is ignored', '/ws/out'],
    ['in one that is ignored', '/ws/out/lib'],
    ['of secrets', '/ws/.ssh'],
    ['that is never walked', '/ws/node_modules'],
    ['in one that is never walked', '/ws/node_modules/left-pad'],
    ['outside of the workspace', '/elsewhere'],
    ['too deep', `/ws${'/deep'.repeat(41)}`],
  ];
  for (const [what, path] of kept) {
    it(`is not reported if it is moved to a place ${what}`, async () => {
      assert.deepEqual(
        await toldOf({ '/ws/.gitignore': 'out/\n', '/other/lib/a.ts': '' }, ({ move }) => move('/other/lib', path)),
        [],
      );
    });
  }

  it('is not reported in an untrusted workspace', async () => {
    assert.deepEqual(await toldOf({ '/other/lib/a.ts': '' }, ({ move }) => move('/other/lib', '/ws/lib'), false), []);
  });

  it('is not reported if it is already gone again', async () => {
    assert.deepEqual(await toldOf({}, ({ create }) => create('/ws/lib')), []);
    const told = await toldOf({ '/ws/src/a.ts': '' }, ({ move }) => {
      move('/ws/src', '/ws/lib');
      move('/ws/lib', '/ws/src');
    });
    assert.deepEqual(changedIn(told), ['src/a.ts']);
  });

  it('is not followed if it is a link', async () => {
    const told = await toldOf({ '/other/lib/a.ts': '' }, ({ create }) => {
      fake.links.set('/ws/lib', '/other/lib');
      create('/ws/lib');
    });
    assert.deepEqual(told, []);
  });

  it('with ignore files causes a new listing, since they may affect other files', async () => {
    const told = await toldOf({ '/other/lib/.chorusignore': 'own.ts\n', '/other/lib/own.ts': '' }, ({ move }) =>
      move('/other/lib', '/ws/lib'),
    );
    assert.deepEqual(told, [{ reset: true }]);
  });

  it('has its own rules if it replaces another folder', async () => {
    const files = { '/ws/lib/.gitignore': 'own.ts\n', '/ws/lib/a.ts': '', '/other/lib/own.ts': '' };
    const told = await toldOf(files, async ({ judge, move, settle }) => {
      assert.equal(await judge('/ws/lib/own.ts'), 'ignored');
      move('/ws/lib', '/elsewhere/lib');
      await settle();
      move('/other/lib', '/ws/lib');
    });
    assert.deepEqual(changedIn(told), ['lib/own.ts']);
  });

  it('is no longer searched after the sidecar has disconnected', async () => {
    const told = await toldOf({ '/other/lib/a.ts': '' }, async ({ move, detach }) => {
      move('/other/lib', '/ws/lib');
      mock.timers.tick(60);
      detach();
    });
    assert.deepEqual(told, []);
  });
});

describe('a burst of new files and folders', () => {
  it('is reported, and each folder is searched once', async () => {
    const files = { '/ws/lib/a.ts': '', '/ws/lib/deep/b.ts': '', '/ws/c.ts': '' };
    const told = await toldOf({}, ({ write, create }) => {
      write(files);
      create('/ws/lib', '/ws/lib/deep', ...Object.keys(files));
    });
    const [itself, found] = [
      ['c.ts', 'lib/a.ts', 'lib/deep/b.ts'],
      ['lib/a.ts', 'lib/deep/b.ts'],
    ];
    assert.deepEqual(
      told.map((change) => changedIn([change])),
      [itself, found],
    );
  });

  it('of more than ten thousand files causes a new listing, at the pace of the sidecar', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_001 }, (_none, index) => [`/other/lib/${index}.ts`, '']));
    const told = await toldOf(files, ({ move }) => move('/other/lib', '/ws/lib'));
    assert.deepEqual(told.at(-1), { reset: true });
  });
});

describe('tabs', () => {
  it('are reported with the last visited tab first, and a notebook counts as visited through its cells', () => {
    fake.open(['/ws'], {});
    const [first, second] = ['/ws/a.ts', '/ws/b.ts'].map((file) => Uri.file(file)) as [Uri, Uri];
    const notebook = Uri.file('/ws/c.ipynb');
    const cell = { document: { uri: new Uri('vscode-notebook-cell', '/ws/c.ipynb') } };
    fake.tabs = [new TabInputText(first), new TabInputText(second), new TabInputNotebook(notebook, 'jupyter-notebook')];
    fake.notebooks = [{ uri: notebook, getCells: () => [cell] }];
    const told: (readonly string[])[] = [];
    const sendNotification = async (method: string, params: WorkspaceTabs): Promise<void> => {
      if (method === WORKSPACE_TABS_NOTIFICATION.method) told.push(params.uris);
    };
    const policy = new DocumentPolicy(assert.fail);
    const sync = new WorkspaceSync(
      policy,
      () => undefined,
      (error) => assert.fail(String(error)),
    );
    sync.attach({ sendNotification } as unknown as Client);
    for (const uri of [second, cell.document.uri]) fake.activeEditorChanged.fire({ document: { uri } });
    sync.dispose();
    policy.dispose();
    assert.deepEqual(told.at(-1), [notebook, second, first].map(String));
  });
});
