import assert from 'node:assert/strict';
import { execa } from 'execa';
import { it } from 'node:test';
import { trainingEnvironment } from '../../../../sidecar/workshop/train/trainingProcess.ts';

/** Occupies the given number of pool threads and reads a file meanwhile. Which ends first? */
const script = `
  const { pbkdf2 } = require('node:crypto');
  const { stat } = require('node:fs');
  const say = (what) => console.log(what);
  for (let thread = 0; thread < Number(process.argv[1]); thread++) pbkdf2('', '', 400_000, 64, 'sha512', () => say('computed'));
  stat('.', () => say('file'));
`;

for (const [called, threads] of [
  ['one thread', 1],
  ['two threads', 2],
] as const) {
  it(`a training on ${called} can access files while all of them compute, so that it keeps its lock`, async () => {
    const { stdout } = await execa(process.execPath, ['-e', script, String(threads)], {
      env: trainingEnvironment({ threads }),
    });
    assert.equal(stdout.split('\n')[0], 'file');
  });
}
