import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PromptSpeeds } from '../../../sidecar/front/promptSpeeds.ts';

describe('remembered prompt speeds', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-speeds-'));
    file = path.join(folder, 'speeds.json');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are read by the next sidecar, and no other file is left', async () => {
    const first = await PromptSpeeds.open(file);
    assert.equal(first.of('a'), undefined);
    first.note('a', 700);
    first.note('b', 20.5);
    first.note('a', 710);
    await first.flush();
    const second = await PromptSpeeds.open(file);
    assert.deepEqual([second.of('a'), second.of('b')], [710, 20.5]);
    assert.deepEqual(await readdir(folder), ['speeds.json']);
  });

  it('cover the fifty models used last', async () => {
    const speeds = await PromptSpeeds.open(file);
    for (let model = 0; model < 60; model++) speeds.note(String(model), model + 1);
    await speeds.flush();
    assert.equal((JSON.parse(await readFile(file, 'utf8')) as unknown[]).length, 50);
    assert.deepEqual(
      [(await PromptSpeeds.open(file)).of('0'), (await PromptSpeeds.open(file)).of('59')],
      [undefined, 60],
    );
  });

  for (const text of ['', '{', '[["a", -1]]', '{"a": 1}', '[["a", "fast"]]']) {
    it(`are empty if the file holds ${JSON.stringify(text)}`, async () => {
      await writeFile(file, text);
      const speeds = await PromptSpeeds.open(file);
      assert.equal(speeds.of('a'), undefined);
      speeds.note('a', 3);
      await speeds.flush();
      assert.equal((await PromptSpeeds.open(file)).of('a'), 3);
    });
  }
});
