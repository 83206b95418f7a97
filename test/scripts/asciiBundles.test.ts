import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { asciiBundles } from '../../.scripts/asciiBundles.ts';

/** Comments that stay, regular expressions with and without the flag "u", a string, a template, a name. */
const SCRIPT = `
  function kept() { /*! “kept” 你好 */ return 1; }
  const é = kept() && 'ü 😀';
  console.log(JSON.stringify([
    é, \`\${é} 好\`, /^[’é]+$/.test('é’'), /^[😀好]$/u.test('😀'), 'a好b'.split(/好/), /[。！？]/.test('。'),
  ]));`;

describe('a bundle', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bundle-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const bundle = async (contents: string): Promise<string> => {
    const outfile = path.join(folder, 'bundle.mjs');
    await build({
      stdin: { contents },
      outfile,
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
      plugins: [asciiBundles],
    });
    return outfile;
  };

  it('is ASCII, and does the same', async () => {
    const file = await bundle(SCRIPT);
    assert.match(await readFile(file, 'utf8'), /^[\0-\x7f]+$/);
    const { stdout } = await execa(process.execPath, [file]);
    assert.deepEqual(JSON.parse(stdout), ['ü 😀', 'ü 😀 好', true, true, ['a', 'b'], true]);
  });

  it('is refused if an escape would change a raw template', async () => {
    await assert.rejects(bundle('console.log(String.raw`é`);'), /a raw template has characters that are not ASCII/);
  });
});
