import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { writeTinyAdapter } from '../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';

describe('chorus --adapter', () => {
  let work: string;
  let bundles: Bundles;
  let model: string;
  let adapter: string;
  let foreign: string;
  before(async () => {
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-test-'));
    bundles = await Bundles.open();
    [model, adapter, foreign] = ['model', 'adapter', 'foreign'].map((name) => path.join(work, `${name}.gguf`)) as [
      string,
      string,
      string,
    ];
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(model, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    await writeTinyAdapter(adapter, model, { rank: 4 });
    await writeTinyAdapter(foreign, model, {
      rank: 4,
      keys: { 'general.architecture': { type: 'string', value: 'qwen2' } },
    });
  });
  after(async () => {
    await bundles[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const chorus = (...commandLine: readonly string[]) =>
    execa(process.execPath, [bundles.cli, ...commandLine, '--model', model, '--device', 'cpu'], {
      reject: false,
      timeout: PATIENCE_MS,
      input: '',
      env: { CHORUS_HOME: path.join(work, 'home'), TMPDIR: work, LC_ALL: 'C' },
    });
  const generated = async (...options: readonly string[]): Promise<string> =>
    (await chorus('generate', 'abc', '--max-tokens', '6', '--temperature', '0', ...options)).stdout;

  it('changes answers, and info counts its experts', async () => {
    const info = await chorus('info', '--json', '--adapter', adapter, '--adapter', adapter);
    const { experts, adapters } = JSON.parse(info.stdout) as { experts: number; adapters: readonly object[] };
    const described = { name: 'Tiny adapter 1', path: adapter, experts: 1 };
    assert.deepEqual([experts, adapters], [2, [described, described]]);
    assert.match((await chorus('info', '--adapter', adapter)).stdout, /^Adapters +Tiny adapter 1 \(/m);
    assert.notEqual(await generated('--adapter', adapter), await generated());
    assert.equal((JSON.parse((await chorus('info', '--json')).stdout) as { experts: number }).experts, 0);
  });

  const cases: Readonly<Record<string, readonly string[]>> = {
    'with a sidecar': ['generate', 'abc', '--max-tokens', '2'],
    'with an engine of its own': ['bench', '-p', '8', '-n', '2'],
  };
  for (const [how, commandLine] of Object.entries(cases)) {
    it(`ends a command ${how} with one line if the adapter can't be used`, async () => {
      const { stdout, stderr, exitCode } = await chorus(...commandLine, '--adapter', foreign);
      assert.equal(
        stderr,
        'chorus: The adapter foreign.gguf is not used: it is for the architecture "qwen2", but the model has "llama".',
      );
      assert.deepEqual([stdout, exitCode], ['', 1]);
      const byLlama = await chorus(...commandLine, '--adapter', adapter, '--engine', 'llama');
      assert.match(
        byLlama.stderr,
        /^chorus: llama\.cpp runs the model without adapter\.gguf: adapters need Chorus's own/,
      );
    });
  }
});
