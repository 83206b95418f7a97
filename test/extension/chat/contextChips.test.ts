import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import type { Verdict } from '../../../extension/documents/documentPolicy.ts';
import '../documents/support/useFakeVscode.ts';
import { CancellationTokenSource, fake, Range, Uri, workspace } from '../documents/support/vscode.ts';

const { ContextChips } = await import('../../../extension/chat/contextChips.ts');
type Chips = InstanceType<typeof ContextChips>;

const chipsWith = (verdict: Verdict = 'allowed'): Chips =>
  new ContextChips({ check: async () => verdict }, () => undefined);
const labels = (chips: Chips): string[] => chips.views.map(({ label }) => label);

/** Opens a text in the editor, with its first two lines selected. */
function select(file: string, text: string): void {
  const lines = text.split('\n');
  const document = {
    uri: Uri.file(file),
    languageId: 'typescript',
    lineCount: lines.length,
    lineAt: (line: number) => ({ text: lines[line] }),
    getText: () => text,
  };
  fake.activeTextEditor = { document, selection: new Range(0, 0, 1, lines[1]?.length ?? 0) };
}

beforeEach(() => {
  fake.open(['/ws'], { '/ws/a.ts': '' });
  workspace.isTrusted = true;
});

describe('a context item that is added again', () => {
  it('has its current text and its old position', async () => {
    const chips = chipsWith();
    select('/ws/a.ts', 'old\ncode');
    await chips.addFromEditor('selection');
    await chips.addNamedFile('a.ts');
    assert.deepEqual(labels(chips), ['a.ts:1-2', 'a.ts']);
    select('/ws/a.ts', 'new\ncode');
    await chips.addFromEditor('selection');
    assert.deepEqual(labels(chips), ['a.ts:1-2', 'a.ts']);
    assert.equal((await chips.read())[0]?.text, 'new\ncode');
  });
});

describe('a file that is added by its name', () => {
  it('is the one that may be read if several have the name', async () => {
    fake.open(['/ws'], { '/ws/dist/a.ts': '', '/ws/src/a.ts': '' });
    const chips = new ContextChips(
      { check: async ({ path }) => (path.startsWith('/ws/dist/') ? 'ignored' : 'allowed') },
      () => undefined,
    );
    await chips.addNamedFile('a.ts');
    assert.deepEqual(
      chips.views.map(({ description }) => description),
      ['src/a.ts'],
    );
    assert.deepEqual(fake.messages, []);
  });
});

describe('a file that is added by its path', () => {
  const files = {
    '/home/tools/shop/pricing.py': '',
    '/home/app/main.py': '',
    '/home/app/tools/shop/pricing.py': '',
    '/home/app/app/main.py': '',
  };
  const cases: readonly (readonly [what: string, folders: readonly string[], name: string, found: string])[] = [
    [
      'as Chorus names it, in a workspace with several folders',
      ['/home/app', '/home/tools'],
      'tools/shop/pricing.py',
      '/home/tools/shop/pricing.py',
    ],
    [
      'within its folder, in a workspace with several',
      ['/home/app', '/home/tools'],
      'app/tools/shop/pricing.py',
      '/home/app/tools/shop/pricing.py',
    ],
    ['without the folder, in a workspace with several', ['/home/app', '/home/tools'], 'main.py', '/home/app/main.py'],
    [
      'in a workspace of one folder, whose name is not part of the path',
      ['/home/app'],
      'app/main.py',
      '/home/app/app/main.py',
    ],
  ];
  for (const [what, folders, name, found] of cases) {
    it(`is found: ${what}`, async () => {
      fake.open(folders, files);
      const chips = chipsWith();
      await chips.addNamedFile(name);
      assert.deepEqual(
        [chips.views.map(({ description }) => description), fake.messages],
        [[workspace.asRelativePath(Uri.file(found))], []],
      );
    });
  }
});

describe("a context item that can't be added", () => {
  const cases: readonly {
    readonly what: string;
    readonly add: (chips: Chips) => Promise<void>;
    readonly verdict?: Verdict;
    readonly isTrusted?: boolean;
    readonly says: RegExp;
  }[] = [
    { what: 'a file that is missing', add: (chips) => chips.addNamedFile('b.ts'), says: /no file b\.ts/ },
    { what: 'a secret file', add: (chips) => chips.addNamedFile('a.ts'), verdict: 'secret', says: /secrets/ },
    {
      what: 'an ignored file',
      add: (chips) => chips.addFile(Uri.file('/ws/a.ts') as unknown as vscode.Uri),
      verdict: 'ignored',
      says: /ignore file/,
    },
    {
      what: 'an unopened file in an untrusted workspace',
      add: (chips) => chips.addNamedFile('a.ts'),
      isTrusted: false,
      says: /untrusted/,
    },
    {
      what: 'the selection, if no editor is open',
      add: (chips) => chips.addFromEditor('selection'),
      says: /First open the file/,
    },
  ];
  for (const { what, add, verdict, isTrusted = true, says } of cases) {
    it(`is reported without waiting until the message is closed: ${what}`, async () => {
      workspace.isTrusted = isTrusted;
      const chips = chipsWith(verdict);
      await add(chips);
      assert.deepEqual(labels(chips), []);
      assert.equal(fake.messages.length, 1);
      assert.match(fake.messages[0] ?? '', says);
    });
  }

  it('is not reported for a stopped question, which gets no other items either', async () => {
    const stopped = new CancellationTokenSource();
    const { token } = stopped;
    const chips = chipsWith();
    select('/ws/a.ts', 'some\ncode');
    const adding = [chips.addTarget(token), chips.addNamedFile('a.ts', token), chips.addNamedFile('b.ts', token)];
    stopped.cancel();
    await Promise.all(adding);
    assert.deepEqual([labels(chips), fake.messages], [[], []]);
  });
});
