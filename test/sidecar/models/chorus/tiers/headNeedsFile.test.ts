import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keptHeadNeeds } from '../../../../../sidecar/models/chorus/tiers/headNeedsFile.ts';

const needs = [[0.25, 0.5], [0, 1]];
const two = (key: string): { readonly key: string; readonly heads: readonly number[] } => ({ key, heads: [2, 2] });
const one = (key: string): { readonly key: string; readonly heads: readonly number[] } => ({ key, heads: [1] });

describe('what heads need, as it is kept', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-head-needs-file-'));
    file = path.join(folder, 'headNeeds.json');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const unexpected = (): Promise<never> => Promise.reject(new Error('measured again'));

  it('is measured once a model, and nothing is left beside', async () => {
    assert.deepEqual(await keptHeadNeeds(file, two('a'), async () => needs), needs);
    assert.deepEqual(await keptHeadNeeds(file, two('a'), unexpected), needs);
    await assert.rejects(keptHeadNeeds(file, one('b'), unexpected), { message: 'measured again' });
    assert.deepEqual(await keptHeadNeeds(file, one('b'), async () => [[1]]), [[1]]);
    assert.deepEqual([await keptHeadNeeds(file, two('a'), unexpected), await keptHeadNeeds(file, one('b'), unexpected)], [needs, [[1]]]);
    assert.deepEqual(await readdir(folder), ['headNeeds.json']);
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('is measured again for a model with other heads', async () => {
    await keptHeadNeeds(file, two('d'), async () => needs);
    assert.deepEqual(await keptHeadNeeds(file, { key: 'd', heads: [2, 1] }, async () => [[1, 2], [3]]), [[1, 2], [3]]);
  });

  it('is of the fifty models measured last', async () => {
    for (let model = 0; model < 60; model++) await keptHeadNeeds(file, one(`model ${model}`), async () => [[model]]);
    assert.equal((JSON.parse(await readFile(file, 'utf8')) as unknown[]).length, 50);
    assert.deepEqual(await keptHeadNeeds(file, one('model 59'), unexpected), [[59]]);
    await assert.rejects(keptHeadNeeds(file, one('model 9'), unexpected), { message: 'measured again' });
  });

  for (const text of ['', '{', '[["a", 1]]', '{"a": [[1]]}', '[["a", [["b"]]]]']) {
    it(`is measured again where the file holds ${JSON.stringify(text)}`, async () => {
      await writeFile(file, text);
      assert.deepEqual(await keptHeadNeeds(file, two('a'), async () => needs), needs);
      assert.deepEqual(await keptHeadNeeds(file, two('a'), unexpected), needs);
    });
  }

  it('is measured each time where nothing can be written, and what is unknown is not kept', async () => {
    const nowhere = path.join(folder, 'none', 'headNeeds.json');
    for (const place of [nowhere, undefined]) {
      assert.deepEqual(await keptHeadNeeds(place, two('a'), async () => needs), needs);
      assert.deepEqual(await keptHeadNeeds(place, one('a'), async () => [[2]]), [[2]]);
    }
    assert.equal(await keptHeadNeeds(file, one('c'), async () => undefined), undefined);
    assert.deepEqual(await keptHeadNeeds(file, one('c'), async () => [[3]]), [[3]]);
  });
});
