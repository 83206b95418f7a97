import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IgnoreRules } from '../../../extension/documents/ignoreRules.ts';

/** Rules over a table of ignore files: path → text. */
function rules(files: Readonly<Record<string, string>>): IgnoreRules {
  return new IgnoreRules(async (folder, name) => files[folder === '' ? name : `${folder}/${name}`]);
}

describe('ignore rules', () => {
  it('ignore nothing where there is no ignore file', async () => {
    assert.equal(await rules({}).ignores('src/main.ts'), false);
  });

  it('come from .gitignore and .chorusignore, the latter having the last word', async () => {
    const both = rules({ '.gitignore': '*.log\n', '.chorusignore': 'private/\n!keep.log\n' });
    assert.equal(await both.ignores('a/b.log'), true);
    assert.equal(await both.ignores('private/plan.ts'), true);
    assert.equal(await both.ignores('keep.log'), false);
    assert.equal(await both.ignores('src/main.ts'), false);
  });

  it('of a deeper folder overrule those above, in both directions', async () => {
    const nested = rules({ '.gitignore': '*.gen.ts\n', 'src/.gitignore': '!kept.gen.ts\n', 'lib/.gitignore': 'local.ts\n' });
    assert.equal(await nested.ignores('src/other.gen.ts'), true);
    assert.equal(await nested.ignores('src/kept.gen.ts'), false);
    assert.equal(await nested.ignores('kept.gen.ts'), true);
    assert.equal(await nested.ignores('lib/deep/local.ts'), true);
    assert.equal(await nested.ignores('local.ts'), false);
  });

  it('cannot bring back what lies below an ignored folder', async () => {
    const below = rules({ '.gitignore': 'build/\n', 'build/.gitignore': '!keep.ts\n' });
    assert.equal(await below.ignores('build/keep.ts'), true);
  });

  it('anchor a pattern with a slash at their own folder', async () => {
    const anchored = rules({ 'packages/a/.gitignore': '/out\n' });
    assert.equal(await anchored.ignores('packages/a/out/x.ts'), true);
    assert.equal(await anchored.ignores('packages/a/src/out/x.ts'), false);
    assert.equal(await anchored.ignores('out/x.ts'), false);
  });

  it('take folder names with spaces and non-Latin letters', async () => {
    const names = rules({ '.gitignore': 'geheime Pläne/\n秘密.ts\n' });
    assert.equal(await names.ignores('geheime Pläne/a.ts'), true);
    assert.equal(await names.ignores('src/秘密.ts'), true);
  });

  it('are read again after they were forgotten, and not before', async () => {
    const files: Record<string, string> = { '.gitignore': 'a.ts\n' };
    let reads = 0;
    const changing = new IgnoreRules(async (_folder, name) => {
      reads++;
      return files[name];
    });
    assert.equal(await changing.ignores('a.ts'), true);
    const readsBefore = reads;
    files['.gitignore'] = 'b.ts\n';
    assert.equal(await changing.ignores('a.ts'), true);
    assert.equal(reads, readsBefore);
    changing.forget();
    assert.equal(await changing.ignores('a.ts'), false);
    assert.equal(await changing.ignores('b.ts'), true);
  });

  it('do not concern paths that are no paths of files', async () => {
    const all = rules({ '.gitignore': '*\n' });
    for (const path of ['', '/absolute', '../outside']) assert.equal(await all.ignores(path), false);
  });
});
