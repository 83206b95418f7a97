import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { beginStep, endStep } from '../../.scripts/bundledModel/stepNotes.ts';

describe('a step of the recipe', () => {
  let folder: string;
  let output: string;
  let forgotten: number;
  const begin = (digest: string): Promise<boolean> => beginStep(output, digest, async () => void forgotten++);
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-steps-'));
    output = path.join(folder, 'code.gguf');
    forgotten = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('goes on where the same recipe was interrupted, and is not done again when it is done', async () => {
    assert.equal(await begin('a'), true);
    assert.equal(await begin('a'), true);
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('a'), false);
    assert.equal(forgotten, 0);
  });

  it('begins anew by another recipe, whether the last one was done or interrupted, and then goes on with that', async () => {
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('b'), true);
    assert.equal(forgotten, 1);
    assert.equal(await begin('b'), true);
    assert.equal(forgotten, 1);
    assert.equal(await begin('c'), true);
    assert.equal(forgotten, 2);
  });

  it('begins anew also where that was ended before all of another recipe was forgotten', async () => {
    await begin('a');
    await assert.rejects(beginStep(output, 'b', () => Promise.reject(new Error('ended'))), /ended/);
    assert.equal(await begin('b'), true);
    assert.equal(forgotten, 1);
  });

  it('is done again where one of its parts is gone', async () => {
    const part = (number: number): string => path.join(folder, `code-0000${number}-of-00002.gguf`);
    output = part(1);
    for (const number of [1, 2]) await writeFile(part(number), 'model');
    await endStep(output, 'a');
    assert.equal(await begin('a'), false);
    await rm(part(2));
    assert.equal(await begin('a'), true);
  });

  it('is done again where its file is gone', async () => {
    await endStep(output, 'a');
    assert.equal(await begin('a'), true);
    assert.equal(forgotten, 0);
  });
});
