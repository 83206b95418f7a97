import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import type { Verdict } from '../../../extension/documents/documentPolicy.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Uri, workspace } from '../documents/support/vscode.ts';

/** Files that VS Code does not show as text. */
const binary = new Set<string>();

Object.assign(workspace, {
  openTextDocument: async (what: Uri | { readonly language: string }) => {
    if (!(what instanceof Uri)) return { languageId: what.language, uri: Uri.parse('untitled://Untitled-1') };
    if (what.scheme === 'untitled' && fake.files.has(what.path))
      throw new Error(`Unable to create a new file over ${what.path}.`);
    if (binary.has(what.path)) throw new Error('Binary.');
    return new FakeDocument(what, fake.files.get(what.path) ?? '');
  },
});

const { testDocument } = await import('../../../extension/actions/testDocument.ts');

/** Returns the URI of the document for the tests of `tested` if the policy gives `verdict`. */
async function placeOf(tested: string, verdict: Verdict = 'allowed'): Promise<string> {
  const { uri } = await testDocument(
    { uri: Uri.parse(tested), languageId: 'typescript' } as unknown as vscode.TextDocument,
    { check: async () => verdict },
  );
  return uri.toString();
}

describe('testDocument', () => {
  beforeEach(() => {
    fake.open(['/ws'], { '/ws/sum.ts': '', '/ws/sum.test.ts': '', '/ws/new.ts': '' });
    binary.clear();
  });

  it('returns the test file beside the file, or the file itself if it is a test file', async () => {
    assert.equal(await placeOf('file:///ws/sum.ts'), 'file:///ws/sum.test.ts');
    assert.equal(await placeOf('file:///ws/sum.test.ts'), 'file:///ws/sum.test.ts');
  });

  it('returns an unsaved file if the test file does not exist', async () => {
    assert.equal(await placeOf('file:///ws/new.ts'), 'untitled:///ws/new.test.ts');
  });

  it('returns an untitled document if the tested document has no file', async () => {
    assert.equal(await placeOf('untitled://Untitled-7'), 'untitled://Untitled-1');
  });

  for (const verdict of ['ignored', 'secret'] as const) {
    it(`returns an untitled document if the existing test file may not be read: ${verdict}`, async () => {
      assert.equal(await placeOf('file:///ws/sum.ts', verdict), 'untitled://Untitled-1');
    });
  }

  it('returns an untitled document if VS Code does not open the test file', async () => {
    binary.add('/ws/sum.test.ts');
    assert.equal(await placeOf('file:///ws/sum.ts'), 'untitled://Untitled-1');
  });
});
