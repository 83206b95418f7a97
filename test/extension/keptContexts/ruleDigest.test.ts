import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import '../documents/support/useFakeVscode.ts';
import { fake, workspace } from '../documents/support/vscode.ts';

const noLimit = (error: Error): void => assert.fail(error);
const { ruleDigest } = await import('../../../extension/keptContexts/ruleDigest.ts');

describe('ruleDigest', () => {
  const cases: readonly {
    readonly what: string;
    readonly file: string;
    readonly isHidden?: boolean;
    readonly folder?: string;
    readonly isOther: boolean;
  }[] = [
    { what: "a folder's ignore file", file: '/ws/.gitignore', isOther: true },
    { what: 'an ignore file in a subfolder', file: '/ws/src/.gitignore', isOther: true },
    { what: 'the other kind of ignore file', file: '/ws/src/.chorusignore', isOther: true },
    { what: 'an ignore file that VS Code hides', file: '/ws/src/.gitignore', isHidden: true, isOther: true },
    { what: 'an ignore file of a folder above', file: '/.gitignore', isOther: true },
    { what: 'the excludes of the repository', file: '/ws/.git/info/exclude', isOther: true },
    { what: 'the excludes of a nested repository', file: '/ws/lib/.git/info/exclude', isOther: true },
    { what: "the excludes of a package's repository", file: '/ws/node_modules/a/.git/info/exclude', isOther: false },
    { what: "a package's ignore file", file: '/ws/node_modules/a/.gitignore', isOther: false },
    {
      what: 'an ignore file of a package that is opened itself',
      file: '/ws/node_modules/a/src/.gitignore',
      folder: '/ws/node_modules/a',
      isOther: true,
    },
    { what: 'another file', file: '/ws/src/a.ts', isOther: false },
  ];
  for (const { what, file, isHidden = false, folder = '/ws', isOther } of cases) {
    it(`${isOther ? 'changes' : 'stays the same'} after a change of ${what}`, async () => {
      const digestOf = (text: string): Promise<string> => {
        fake.open([folder], { [file]: text, '/ws/z.ts': '' });
        if (isHidden) fake.hidden.add(file);
        return ruleDigest(noLimit);
      };
      const before = await digestOf('a\n');
      assert.equal(await digestOf('a\n'), before);
      assert.equal((await digestOf('b\n')) !== before, isOther);
    });
  }

  it('changes with an ignore file that follows those of very many packages, and reports that there are too many', async () => {
    const packages = Array.from(
      { length: 10_000 },
      (_, index) => [`/ws/node_modules/p${index}/.gitignore`, ''] as const,
    );
    const limits: string[] = [];
    const digestOf = (text: string): Promise<string> => {
      fake.open(['/ws'], { ...Object.fromEntries(packages), '/ws/src/.gitignore': text });
      return ruleDigest(({ message }) => limits.push(message));
    };
    const before = await digestOf('a\n');
    assert.notEqual(await digestOf('b\n'), before);
    assert.match(limits.join('\n'), /^(There are more ignore files than Chorus looks at.*\n?){2}$/);
  });

  it("uses the folders' own rules if VS Code can't search", async () => {
    const { findFiles } = workspace;
    workspace.findFiles = () => Promise.reject(new Error('no search'));
    try {
      fake.open(['/ws'], { '/ws/.gitignore': 'a\n' });
      const before = await ruleDigest(noLimit);
      fake.files.set('/ws/.gitignore', 'b\n');
      assert.notEqual(await ruleDigest(noLimit), before);
    } finally {
      workspace.findFiles = findFiles;
    }
  });
});
