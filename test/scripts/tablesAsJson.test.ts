import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { eld } from 'eld/small';
import { tablesAsJson } from '../../.scripts/tablesAsJson.ts';

const SENTENCES = ['Das ist ein Satz in deutscher Sprache.', 'Ceci est une phrase en français.', '这是一个中文句子。'];
/**
 * Prints the detector's result, the maximum memory in bytes that V8 had allocated outside its heap, and the memory in
 * its heap after a garbage collection.
 */
const SCRIPT = `
  import v8 from 'node:v8';
  import { eld } from 'eld/small';
  const scores = ${JSON.stringify(SENTENCES)}.map((sentence) => eld.detect(sentence).getScores());
  gc();
  const { peak_malloced_memory: peakBytes, used_heap_size: keptBytes } = v8.getHeapStatistics();
  console.log(JSON.stringify({ scores, peakBytes, keptBytes }));`;

describe('the tables of the language detector in a bundle', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bundle-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('give the same results, and take little memory', async () => {
    const outfile = path.join(folder, 'bundle.mjs');
    const resolveDir = path.dirname(fileURLToPath(import.meta.url));
    await build({
      stdin: { contents: SCRIPT, resolveDir },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      plugins: [tablesAsJson],
    });
    const { stdout } = await execa(process.execPath, ['--expose-gc', outfile]);
    const { scores, peakBytes, keptBytes } = JSON.parse(stdout) as {
      readonly scores: readonly unknown[];
      readonly peakBytes: number;
      readonly keptBytes: number;
    };
    assert.deepEqual(
      scores,
      SENTENCES.map((sentence) => ({ ...eld.detect(sentence).getScores() })),
    );
    assert.ok(peakBytes < 16 * 2 ** 20, `compiling took ${(peakBytes / 2 ** 20).toFixed(1)} MiB`);
    assert.ok(keptBytes < 20 * 2 ** 20, `the process keeps ${(keptBytes / 2 ** 20).toFixed(1)} MiB`);
  });
});
