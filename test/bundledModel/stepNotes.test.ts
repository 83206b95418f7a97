import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { beginStep, endStep } from '../../.scripts/bundledModel/stepNotes.ts';

describe('a step of the recipe', () => {
  let folder: string;
  let output: string;
  const begin = (digest: string): Promise<boolean> => beginStep(output, digest);
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-steps-'));
    output = path.join(folder, 'code.gguf');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is done once by the same recipe', async () => {
    assert.equal(await begin('a'), true);
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('a'), false);
  });

  it('is done again where it was interrupted', async () => {
    await begin('a');
    await writeFile(output, 'model');
    assert.equal(await begin('a'), true);
  });

  it('is done again by another recipe, and then by the first', async () => {
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('b'), true);
    assert.equal(await begin('a'), true);
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
  });
});
