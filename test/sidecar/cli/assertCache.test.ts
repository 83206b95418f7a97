import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { assertCache } from '../../../sidecar/cli/assertCache.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';

const BY_LLAMA = {
  engine: 'llama',
  engineLimits: ['llama.cpp runs x.gguf: Chorus\'s own engine does not run the architecture "gpt2".', 'More.'],
};

describe('assertCache', () => {
  for (const cache of [undefined, 'full'])
    it(`accepts ${cache} with either engine`, () => assertCache(BY_LLAMA, cache));

  it('accepts a cache if Chorus’s own engine or a server runs the model', () => {
    for (const engine of ['chorus', 'server']) assertCache({ engine, engineLimits: [] }, 'snapkv:64');
  });

  it('rejects a cache if llama.cpp runs the model, and says why llama.cpp does', () => {
    assert.throws(
      () => assertCache(BY_LLAMA, 'snapkv:64'),
      (error) =>
        error instanceof TroubleError &&
        error.code === 'unsupported-model' &&
        error.message === `The cache "snapkv:64" needs Chorus's own engine, but ${BY_LLAMA.engineLimits[0]}`,
    );
  });
});

describe('chorus --engine auto with a cache that no engine has for the model', () => {
  let work: string;
  let bundles: Bundles;
  let model: string;
  before(async () => {
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cache-test-'));
    bundles = await Bundles.open();
    model = path.join(work, 'small-heads.gguf');
    using device = new Device('cpu', { threads: 1 });
    // Blocks of Q8_0 do not fill a head of 16 values.
    const keys = {
      context_length: { type: 'u32', value: 2_048 },
      'attention.head_count': { type: 'u32', value: 16 },
      'attention.head_count_kv': { type: 'u32', value: 4 },
    } as const;
    await writeTinyModel(model, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
  });
  after(async () => {
    await bundles[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const chorus = (...commandLine: readonly string[]) =>
    execa(process.execPath, [bundles.cli, ...commandLine, '--engine', 'auto', '--model', model, '--device', 'cpu'], {
      reject: false,
      timeout: PATIENCE_MS,
      input: '',
      env: { CHORUS_HOME: path.join(work, 'home'), TMPDIR: work, LC_ALL: 'C' },
    });

  const cases: Readonly<Record<string, readonly string[]>> = {
    'continuing a text by a sidecar': ['generate', 'abc', '--max-tokens', '2'],
    'answering a question': ['chat', 'abc'],
    'measuring by an engine of its own': ['bench', '-p', '8', '-n', '2', '--context-size', '2048'],
  };
  for (const [what, commandLine] of Object.entries(cases)) {
    it(`explains this in one line, ${what}`, async () => {
      const { stdout, stderr, exitCode } = await chorus(...commandLine, '--cache', 'tiered:64,type=q8_0');
      assert.match(
        stderr,
        /^chorus: The cache "tiered:64,type=q8_0" needs Chorus's own engine, but llama\.cpp runs small-heads\.gguf: .* this model's heads have 16\. Leave out "type"\.$/,
      );
      assert.deepEqual([stdout, exitCode], ['', 1]);
    });
  }

  it('works with a cache that Chorus’s own engine has for the model', async () => {
    assert.equal((await chorus('generate', 'abc', '--max-tokens', '2', '--cache', 'tiered:64')).exitCode, 0);
  });

  it('keeps its measurements of the model in the user’s folder, whichever sidecar runs', async () => {
    const kept = path.join(work, 'home', 'headNeeds.json');
    for (const commandLine of Object.values(cases).filter(([command]) => command !== 'chat')) {
      await rm(kept, { force: true });
      assert.equal((await chorus(...commandLine, '--cache', 'tiered:64')).exitCode, 0);
      assert.equal((JSON.parse(await readFile(kept, 'utf8')) as unknown[]).length, 1, commandLine[0]);
    }
  });
});
