import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { speechModelPath, speechModels } from '../../../sidecar/shelf/speechModels.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'chorus-speech-models-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** The beginning of a file of whisper.cpp, with `moreBytes` behind it. */
function beginning({ vocabularySize = 51_865, moreBytes = 0 } = {}): Buffer {
  const bytes = Buffer.alloc(8 + moreBytes);
  bytes.write('lmgg');
  bytes.writeInt32LE(vocabularySize, 4);
  return bytes;
}

async function put(relative: string, content: string | Buffer = beginning()): Promise<string> {
  const file = path.join(home, relative);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}
const options = (platform: NodeJS.Platform = 'linux') => ({ environment: {}, homeFolder: home, platform });
const found = async (platform?: NodeJS.Platform): Promise<readonly string[]> =>
  (await speechModels(options(platform))).map((model) => path.relative(home, model.path).split(path.sep).join('/'));

describe('speechModels', () => {
  it('finds models of tools that use whisper.cpp, the smallest first', async () => {
    await put('whisper.cpp/models/ggml-base.bin', beginning({ moreBytes: 1 }));
    await put('.local/share/pywhispercpp/models/ggml-tiny.bin');
    await put(
      '.cache/huggingface/hub/models--ggerganov--whisper.cpp/snapshots/12/ggml-small.bin',
      beginning({ moreBytes: 2 }),
    );
    assert.deepEqual(await found(), [
      '.local/share/pywhispercpp/models/ggml-tiny.bin',
      'whisper.cpp/models/ggml-base.bin',
      '.cache/huggingface/hub/models--ggerganov--whisper.cpp/snapshots/12/ggml-small.bin',
    ]);
  });

  it('finds models in the folders of macOS and Windows', async () => {
    await put('Library/Application Support/MacWhisper/models/ggml-a.bin');
    await put('AppData/Local/Buzz/Buzz/Cache/models/ggml-b.bin');
    assert.ok((await found('darwin')).some((file) => file.endsWith('ggml-a.bin')));
    assert.deepEqual(await found('win32'), ['AppData/Local/Buzz/Buzz/Cache/models/ggml-b.bin']);
  });

  it('leaves out other files, whisper.cpp’s test models, and a second path to a file', async () => {
    const real = await put('whisper.cpp/models/ggml-base.bin');
    await symlink(real, path.join(home, 'whisper.cpp/models/ggml-link.bin'));
    await put('whisper.cpp/models/ggml-large.bin', 'else, and more');
    await put('whisper.cpp/models/ggml-short.bin', 'lmgg');
    await put('whisper.cpp/models/for-tests-ggml-base.bin');
    await put('whisper.cpp/models/ggml-silero-v5.bin');
    await put('whisper.cpp/models/model.bin');
    assert.equal((await found()).length, 1);
  });

  it('tells how to get a model if there is none', async () => {
    await assert.rejects(
      speechModelPath('', 'auto', options()),
      (error) =>
        error instanceof TroubleError &&
        error.code === 'no-speech-model' &&
        /huggingface\.co\/ggerganov\/whisper\.cpp/.test(error.message),
    );
  });

  it('prefers the chosen model, then the largest quick one', async () => {
    await put('whisper.cpp/models/ggml-tiny.bin');
    const base = await put('whisper.cpp/models/ggml-base.bin', beginning({ moreBytes: 1 }));
    assert.equal(await speechModelPath(undefined, 'auto', options()), base);
    assert.equal(await speechModelPath('/other.bin', 'auto', options()), path.resolve('/other.bin'));
  });

  it('uses an English-only model only for English, or if there is no other', async () => {
    const english = await put(
      'whisper.cpp/models/ggml-base.en.bin',
      beginning({ vocabularySize: 51_864, moreBytes: 3 }),
    );
    assert.equal(await speechModelPath(undefined, 'de', options()), english);
    const multilingual = await put('whisper.cpp/models/ggml-base-q5_1.bin');
    for (const language of ['auto', 'de', 'zh-CN'])
      assert.equal(await speechModelPath(undefined, language, options()), multilingual, language);
    for (const language of ['en', 'en-US'])
      assert.equal(await speechModelPath(undefined, language, options()), english, language);
  });
});
