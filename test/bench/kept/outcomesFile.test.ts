import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { OutcomesFile } from './outcomesFile.ts';

describe('OutcomesFile', () => {
  let folder: string;
  let file: string;
  let count = 0;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-outcomes-'));
  });
  beforeEach(() => {
    file = path.join(folder, `${count++}.json`);
  });
  after(() => rm(folder, { recursive: true }));

  it('returns outcomes as they were added, over several runs', async () => {
    await new OutcomesFile(file).add('a1', 'recall', {
      settings: 's',
      outcomes: new Map([
        [
          'full',
          new Map([
            ['python 10', '101'],
            ['python 9', '11'],
          ]),
        ],
      ]),
    });
    await new OutcomesFile(file).add('a1', 'recall', {
      settings: 's',
      outcomes: new Map([
        ['full', new Map([['python 2', '0']])],
        ['tiered', new Map([['python 9', '10']])],
      ]),
    });
    const read = await new OutcomesFile(file).read('a1', 'recall', 's');
    assert.deepEqual(
      read,
      new Map([
        [
          'full',
          new Map([
            ['python 2', '0'],
            ['python 9', '11'],
            ['python 10', '101'],
          ]),
        ],
        ['tiered', new Map([['python 9', '10']])],
      ]),
    );
  });

  it('keeps outcomes of other models and tasks', async () => {
    const outcomes = new OutcomesFile(file);
    await outcomes.add('a1', 'continuation', {
      settings: 's',
      outcomes: new Map([['full', new Map([['x.py', 1.25]])]]),
    });
    await outcomes.add('a1', 'recall', { settings: 's', outcomes: new Map([['full', new Map([['x', '1']])]]) });
    await outcomes.add('b2', 'continuation', { settings: 's', outcomes: new Map([['full', new Map([['x.py', 2]])]]) });
    assert.deepEqual(await outcomes.read('a1', 'continuation', 's'), new Map([['full', new Map([['x.py', 1.25]])]]));
  });

  it('ignores outcomes of other settings and replaces them', async () => {
    const outcomes = new OutcomesFile(file);
    await outcomes.add('a1', 'recall', { settings: 'old', outcomes: new Map([['full', new Map([['x', '1']])]]) });
    assert.deepEqual(await outcomes.read('a1', 'recall', 'new'), new Map());
    await outcomes.add('a1', 'recall', { settings: 'new', outcomes: new Map([['full', new Map([['y', '0']])]]) });
    assert.deepEqual(await outcomes.read('a1', 'recall', 'new'), new Map([['full', new Map([['y', '0']])]]));
  });

  it('writes a line for each variant', async () => {
    const outcomes = new OutcomesFile(file);
    await outcomes.add('a1', 'recall', {
      settings: 's',
      outcomes: new Map([
        [
          'full',
          new Map([
            ['x', '1'],
            ['y', '0'],
          ]),
        ],
        ['tiered', new Map([['y', '1']])],
      ]),
    });
    assert.match(await readFile(file, 'utf8'), /^ +"full": \["1","0"\],\n +"tiered": \[null,"1"\]$/m);
  });

  it('rejects a file that is no JSON, and keeps it', async () => {
    await writeFile(file, '{');
    await assert.rejects(
      new OutcomesFile(file).add('a1', 'recall', { settings: 's', outcomes: new Map() }),
      SyntaxError,
    );
    assert.equal(await readFile(file, 'utf8'), '{');
  });
});
