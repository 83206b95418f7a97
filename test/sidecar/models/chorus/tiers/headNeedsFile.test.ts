import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  keepHeadNeeds,
  readHeadNeeds,
  type MeasuredModel,
} from '../../../../../sidecar/models/chorus/tiers/headNeedsFile.ts';

const needs = [
  [0.25, 0.5],
  [0, 1],
];
const two = (key: string): MeasuredModel => ({ key, heads: [2, 2] });
const one = (key: string): MeasuredModel => ({ key, heads: [1] });

describe('the file of head needs', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'chorus-head-needs-file-')), 'home');
    file = path.join(folder, 'headNeeds.json');
  });
  after(() => rm(path.dirname(folder), { recursive: true, force: true }));

  it('keeps the measurement of each model for this user alone, and leaves no other file', async () => {
    assert.equal(await readHeadNeeds(file, two('a')), undefined);
    await keepHeadNeeds(file, two('a'), needs);
    await keepHeadNeeds(file, one('b'), [[1]]);
    assert.deepEqual(
      [await readHeadNeeds(file, two('a')), await readHeadNeeds(file, one('b')), await readHeadNeeds(file, one('c'))],
      [needs, [[1]], undefined],
    );
    await keepHeadNeeds(file, one('b'), [[2]]);
    assert.deepEqual(await readHeadNeeds(file, one('b')), [[2]]);
    assert.deepEqual(await readdir(folder), ['headNeeds.json']);
    if (process.platform !== 'win32')
      assert.deepEqual([(await stat(file)).mode & 0o777, (await stat(folder)).mode & 0o777], [0o600, 0o700]);
  });

  it('has nothing for a model with other heads', async () => {
    assert.equal(await readHeadNeeds(file, { key: 'a', heads: [2, 1] }), undefined);
    assert.equal(await readHeadNeeds(file, { key: 'a', heads: [2] }), undefined);
  });

  it('keeps the last fifty models', async () => {
    for (let model = 0; model < 60; model++) await keepHeadNeeds(file, one(`model ${model}`), [[model]]);
    assert.equal((JSON.parse(await readFile(file, 'utf8')) as unknown[]).length, 50);
    assert.deepEqual(
      [await readHeadNeeds(file, one('model 59')), await readHeadNeeds(file, one('model 9'))],
      [[[59]], undefined],
    );
  });

  for (const text of ['', '{', '[["a", 1]]', '{"a": [[1]]}', '[["a", [["b"]]]]']) {
    it(`has nothing after damage, and is written again: ${JSON.stringify(text)}`, async () => {
      await writeFile(file, text);
      assert.equal(await readHeadNeeds(file, two('a')), undefined);
      await keepHeadNeeds(file, two('a'), needs);
      assert.deepEqual(await readHeadNeeds(file, two('a')), needs);
    });
  }

  it('keeps older measurements if nothing can be written, no file is named, or a value is no number', async () => {
    await mkdir(path.join(folder, 'taken'));
    for (const place of [path.join(folder, 'taken'), path.join(file, 'headNeeds.json'), undefined]) {
      await keepHeadNeeds(place, one('c'), [[3]]);
      assert.equal(await readHeadNeeds(place, one('c')), undefined);
    }
    await keepHeadNeeds(file, one('c'), [[NaN]]);
    assert.deepEqual([await readHeadNeeds(file, one('c')), await readHeadNeeds(file, two('a'))], [undefined, needs]);
    assert.deepEqual((await readdir(folder)).sort(), ['headNeeds.json', 'taken']);
  });
});
