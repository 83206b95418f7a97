import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { beginStep, endStep } from '../../.scripts/bundledModel/stepNotes.ts';

describe('a step of the recipe', () => {
  let folder: string;
  let output: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-steps-'));
    output = path.join(folder, 'code.gguf');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('goes on where the same recipe was interrupted, and is not done again when it is done', async () => {
    assert.equal(await beginStep(output, 'a'), 'go on');
    assert.equal(await beginStep(output, 'a'), 'go on');
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await beginStep(output, 'a'), 'nothing');
  });

  it('begins anew by another recipe, whether the last one was done or interrupted, and then goes on with that', async () => {
    await writeFile(output, 'model');
    await endStep(output, 'a');
    assert.equal(await beginStep(output, 'b'), 'begin anew');
    assert.equal(await beginStep(output, 'b'), 'go on');
    assert.equal(await beginStep(output, 'c'), 'begin anew');
  });

  it('is done again where its file is gone', async () => {
    await endStep(output, 'a');
    assert.equal(await beginStep(output, 'a'), 'go on');
  });
});
