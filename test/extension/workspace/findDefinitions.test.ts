import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { WorkspaceDefinitionsParams, WorkspaceDefinitionsResult } from '../../../sidecar/protocol/client.ts';
import { bringForward } from '../documents/support/bringForward.ts';
import '../documents/support/useFakeVscode.ts';
import { DiagnosticSeverity, fake, type Position, Range, Uri, workspace } from '../documents/support/vscode.ts';

const { FakeDocument } = await import('../documents/support/fakeDocument.ts');
const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { WorkspaceFiles } = await import('../../../extension/workspace/workspaceFiles.ts');
const { findDefinitions } = await import('../../../extension/workspace/findDefinitions.ts');

const MAIN = 'file:///ws/main.ts';
const TEXT = `${'\n'.repeat(20)}till.open(tray);\n`;
const TILL = { line: 20, character: 0, name: 'till' };
const TRAY = { line: 20, character: 10, name: 'tray' };

const DEFINITION = 'vscode.executeDefinitionProvider';
const TYPE = 'vscode.executeTypeDefinitionProvider';

type Target =
  | { readonly uri: Uri; readonly range: Range }
  | { readonly targetUri: Uri; readonly targetRange: Range; readonly targetSelectionRange?: Range };

const location = (path: string, line: number): Target => ({ uri: Uri.file(path), range: new Range(line, 0, line, 4) });
const link = (path: string, line: number, selectedLine?: number): Target => ({
  targetUri: Uri.file(path),
  targetRange: new Range(line, 0, line + 5, 0),
  ...(selectedLine === undefined ? {} : { targetSelectionRange: new Range(selectedLine, 4, selectedLine, 8) }),
});

/** The queries to language servers: command and character. */
let asked: (readonly [command: string, character: number])[];

/** Opens a window with language servers that return these targets, by command and name. */
function open(
  targets: Readonly<Record<string, Readonly<Record<string, Target[] | undefined>>>>,
  files: Readonly<Record<string, string>> = {},
): void {
  fake.open(['/ws'], { '/ws/main.ts': TEXT, '/ws/shop/till.ts': '', '/ws/shop/tray.ts': '', ...files });
  fake.documents = [new FakeDocument(Uri.parse(MAIN), TEXT)];
  fake.executeCommand = async (command, uri, position) => {
    assert.equal(String(uri), MAIN);
    const { line, character } = position as Position;
    assert.equal(line, 20);
    asked.push([command, character]);
    return targets[command]?.[character === TILL.character ? 'till' : 'tray'];
  };
}

function found(params: Partial<WorkspaceDefinitionsParams> = {}): Promise<WorkspaceDefinitionsResult> {
  const log = (): void => undefined;
  return findDefinitions(
    { uri: MAIN, places: [TILL, TRAY], ...params },
    new WorkspaceFiles(new DocumentPolicy(log), log),
  );
}

async function definitions(): Promise<readonly string[]> {
  return (await found()).definitions.map(({ uri, line }) => `${uri.replace('file:///', '')}#${line}`);
}

beforeEach(() => {
  asked = [];
  workspace.isTrusted = true;
});

describe('findDefinitions', () => {
  it('returns the definitions of names and of their types, each place once, at the line of the name', async () => {
    open({
      [DEFINITION]: {
        till: [location('/ws/shop/till.ts', 3)],
        tray: [link('/ws/shop/tray.ts', 6, 8), link('/ws/shop/tray.ts', 30)],
      },
      [TYPE]: {
        till: [location('/ws/shop/till.ts', 3), location('/ws/shop/till.ts', 12)],
        tray: [location('/ws/shop/tray.ts', 8)],
      },
    });
    assert.deepEqual([...(await definitions())].sort(), [
      'ws/shop/till.ts#12',
      'ws/shop/till.ts#3',
      'ws/shop/tray.ts#30',
      'ws/shop/tray.ts#8',
    ]);
    assert.deepEqual(asked.map(([command, character]) => `${command} ${character}`).sort(), [
      `${DEFINITION} 0`,
      `${DEFINITION} 10`,
      `${TYPE} 0`,
      `${TYPE} 10`,
    ]);
  });

  it('leaves out the document itself, which is in the prompt', async () => {
    open({ [DEFINITION]: { till: [location('/ws/main.ts', 1), location('/ws/shop/till.ts', 3)] } });
    assert.deepEqual(await definitions(), ['ws/shop/till.ts#3']);
  });

  it('returns only workspace files that may be read, and no secret, ignored, generated or outside files', async () => {
    const kept = [
      '/ws/.env',
      '/ws/keys/a.pem',
      '/ws/drafts/a.ts',
      '/ws/customers.ts',
      '/ws/node_modules/a/index.d.ts',
      '/usr/lib/lib.d.ts',
    ];
    const files = Object.fromEntries(kept.map((file) => [file, 'text']));
    const [till, tray] = [kept.slice(0, 3), kept.slice(3)].map((paths) => [
      ...paths.map((path) => location(path, 0)),
      location('/ws/shop/till.ts', 3),
    ]);
    open(
      { [DEFINITION]: { till, tray } },
      { ...files, '/ws/.git/HEAD': '', '/ws/.gitignore': 'drafts/\n', '/ws/.chorusignore': 'customers.ts\n' },
    );
    assert.deepEqual(await definitions(), ['ws/shop/till.ts#3']);
  });

  it('returns nothing in an untrusted workspace', async () => {
    open({ [DEFINITION]: { till: [location('/ws/shop/till.ts', 3)] } });
    workspace.isTrusted = false;
    assert.deepEqual(await definitions(), []);
  });

  it('returns at most four places per answer', async () => {
    open({ [DEFINITION]: { till: Array.from({ length: 9 }, (_, line) => location('/ws/shop/till.ts', line)) } });
    assert.deepEqual(
      await definitions(),
      [0, 1, 2, 3].map((line) => `ws/shop/till.ts#${line}`),
    );
  });

  it('asks only about names that are still at their place, in open documents', async () => {
    open({ [DEFINITION]: { till: [location('/ws/shop/till.ts', 3)], tray: [location('/ws/shop/tray.ts', 8)] } });
    const moved = await found({ places: [{ ...TILL, name: 'gone' }, TRAY] });
    assert.deepEqual(moved.definitions, [{ uri: 'file:///ws/shop/tray.ts', line: 8 }]);
    assert.ok(asked.every(([, character]) => character === TRAY.character));
    asked = [];
    assert.deepEqual(await found({ uri: 'file:///ws/shop/till.ts' }), { definitions: [], problems: [] });
    assert.deepEqual(asked, []);
  });

  for (const [what, fails] of [
    ['never answers', () => new Promise<never>(() => {})],
    ['fails', () => Promise.reject(new Error('The server crashed'))],
    ['knows nothing', async () => undefined],
  ] as const) {
    it(`returns the other answers if one language server ${what}`, async () => {
      open({ [DEFINITION]: { tray: [location('/ws/shop/tray.ts', 8)] } });
      const answered = fake.executeCommand;
      fake.executeCommand = (command, uri, position) =>
        (position as Position).character === TILL.character ? fails() : answered(command, uri, position);
      fake.diagnostics.set('/ws/main.ts', [
        { severity: DiagnosticSeverity.Error, range: new Range(20, 0, 20, 4), message: 'Cannot find till' },
      ]);
      assert.deepEqual(await bringForward(() => found()), {
        definitions: [{ uri: 'file:///ws/shop/tray.ts', line: 8 }],
        problems: ['Cannot find till'],
      });
    });
  }
});

describe('problems near the cursor', () => {
  const problem = (line: number, message: string, severity = DiagnosticSeverity.Error): object => ({
    severity,
    range: new Range(line, 0, line, 4),
    message,
  });

  /** Returns the reported messages for these problems. */
  async function problems(...known: readonly object[]): Promise<readonly string[]> {
    open({});
    fake.diagnostics.set('/ws/main.ts', known);
    fake.diagnostics.set('/ws/shop/till.ts', [problem(20, 'of another file')]);
    return (await found()).problems;
  }

  it('are errors and warnings of the document, at most ten lines away, nearest first', async () => {
    const { Error, Warning, Information, Hint } = DiagnosticSeverity;
    const told = await problems(
      problem(9, 'far before'),
      problem(10, 'ten before'),
      problem(24, 'a warning', Warning),
      problem(20, 'here', Error),
      problem(30, 'ten after'),
      problem(31, 'far after'),
      problem(20, 'for information', Information),
      problem(20, 'a hint', Hint),
    );
    assert.deepEqual(told, ['here', 'a warning', 'ten before', 'ten after']);
  });

  it('are at most ten', async () => {
    assert.deepEqual(
      await problems(...Array.from({ length: 14 }, (_, number) => problem(20, `problem ${number}`))),
      Array.from({ length: 10 }, (_, number) => `problem ${number}`),
    );
  });

  it('have at most 500 characters each', async () => {
    assert.deepEqual(await problems(problem(20, 'x'.repeat(501))), ['x'.repeat(500)]);
  });
});
