import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startModel } from '../../.scripts/startModel.ts';

const THIS_FILE = fileURLToPath(import.meta.url);
const chosen = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string | undefined> =>
  startModel(args, environment, async (name) => `/cache/${name}`);

describe('startModel', () => {
  it('returns undefined for the bundled model if none is named', async () =>
    assert.equal(await chosen(['--browser']), undefined));
  it('returns a fetched model by its name', async () =>
    assert.equal(await chosen(['--browser', '--model', 'qwen2.5-coder-0.5b']), '/cache/qwen2.5-coder-0.5b'));
  it('returns a file by its path', async () =>
    assert.equal(await chosen(['--model', path.relative(process.cwd(), THIS_FILE)]), THIS_FILE));
  it('returns the file of CHORUS_MODEL', async () =>
    assert.equal(await chosen([], { CHORUS_MODEL: THIS_FILE }), THIS_FILE));
  it('prefers the file of --model to that of CHORUS_MODEL', async () =>
    assert.equal(await chosen(['--model', 'smollm2-135m'], { CHORUS_MODEL: THIS_FILE }), '/cache/smollm2-135m'));

  it('rejects a name that is neither a model nor a file', async () => {
    await assert.rejects(
      chosen(['--model', 'gpt-17']),
      /--model names gpt-17, which is not a file\. Expected one of smollm2-135m, .*or the path of a GGUF file/,
    );
    await assert.rejects(chosen([], { CHORUS_MODEL: '/no/such.gguf' }), /CHORUS_MODEL names \/no\/such\.gguf/);
    await assert.rejects(chosen(['--model']), /--model needs one of/);
    await assert.rejects(chosen(['--model', '--browser']), /--model needs one of/);
  });
});
