import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { beginStep, endStep } from '../../.scripts/bundledModel/stepNotes.ts';

describe('beginStep', () => {
  let folder: string;
  let output: string;
  const begin = (digest: string): Promise<boolean> => beginStep(output, digest);
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-steps-'));
    output = path.join(folder, 'code.gguf');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is false for a step that the same recipe has finished', async () => {
    assert.equal(await begin('a'), true);
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('a'), false);
  });

  it('is true after an interruption', async () => {
    await begin('a');
    await writeFile(output, 'model');
    assert.equal(await begin('a'), true);
  });

  it('is true for another recipe, and then for the first one again', async () => {
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await begin('b'), true);
    assert.equal(await begin('a'), true);
  });

  it('is true if a part of the output is missing', async () => {
    const part = (number: number): string => path.join(folder, `code-0000${number}-of-00002.gguf`);
    output = part(1);
    for (const number of [1, 2]) await writeFile(part(number), 'model');
    await endStep(output, 'a');
    assert.equal(await begin('a'), false);
    await rm(part(2));
    assert.equal(await begin('a'), true);
  });

  it('is true if the output is missing', async () => {
    await endStep(output, 'a');
    assert.equal(await begin('a'), true);
  });
});
