import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';

let bundles: Bundles;
let work: string;
let model: string;
let data: string;
before(async () => {
  bundles = await Bundles.open();
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cli-train-'));
  model = path.join(work, 'tiny.gguf');
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(model, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary: tinyVocabulary(),
    keys: { block_count: { type: 'u32', value: 1 } },
  });
  data = path.join(work, 'data.txt');
  await writeFile(data, Array.from({ length: 40 }, (_, line) => `const value${line} = compute(${line});\n`).join(''));
});
after(async () => {
  await bundles[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
});

async function train(
  output: string,
  ...options: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode?: number }> {
  const sizes = [
    '--scratch',
    '32,1,4,2,64',
    '--steps',
    '2',
    '--batch',
    '2',
    '--sequence',
    '32',
    '--precision',
    'f32',
    '--threads',
    '1',
  ];
  return execa(
    process.execPath,
    [bundles.cli, 'train', '--model', model, '--data', data, '--output', output, ...sizes, ...options],
    { reject: false, timeout: PATIENCE_MS, input: '', env: { CHORUS_HOME: path.join(work, 'home'), LC_ALL: 'C' } },
  );
}

/** The output of both steps, with the loss of an untrained network: ln 320 is 5.77. */
const PROGRESS =
  /^step 1 of 2 {2}loss (\d\.\d{4}) {2}rate \d\.\d{2}e-\d {2}(\d+) tokens\/s {2}\d+ (?:s|min) left\nstep 2 of 2 {2}loss (\d\.\d{4}) {2}rate \d\.\d{2}e-\d {2}(\d+) tokens\/s {2}0 s left$/m;

describe('chorus train', () => {
  it('prints each step, the remaining time, and the paths of model and plot', async () => {
    const output = path.join(work, 'plain.gguf');
    const { stdout, stderr, exitCode } = await train(output);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(stdout.split('\n'), [output, path.join(work, 'plain.loss.svg')]);
    const [, first, firstSpeed, second, secondSpeed] = PROGRESS.exec(stderr) ?? assert.fail(stderr);
    for (const loss of [first, second]) assert.ok(Math.abs(Number(loss) - Math.log(320)) < 1, String(loss));
    for (const speed of [firstSpeed, secondSpeed]) assert.ok(Number(speed) > 0, String(speed));
    assert.match(await readFile(path.join(work, 'plain.loss.svg'), 'utf8'), /^<svg [\s\S]*<\/svg>\n?$/);
    assert.equal((await readGgufHeader(output)).metadata.get('llama.embedding_length'), 32);
  });

  it('prints the same as one JSON object, with the last loss', async () => {
    const output = path.join(work, 'json.gguf');
    const { stdout, stderr } = await train(output, '--json');
    const result = JSON.parse(stdout) as Record<string, unknown>;
    const [, , , second] = PROGRESS.exec(stderr) ?? assert.fail(stderr);
    assert.equal((result['loss'] as number).toFixed(4), second);
    assert.deepEqual(
      { ...result, loss: undefined },
      { step: 2, loss: undefined, outputPath: output, plotPath: path.join(work, 'json.loss.svg') },
    );
  });
});
