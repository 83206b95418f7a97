import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readStateFile, removeStateFile, writeStateFile } from '../../../sidecar/client/stateFile.ts';
import { plausibleState } from './plausibleState.ts';

describe('the state file', () => {
  const state = plausibleState(80, 1);
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-state-'));
    file = path.join(folder, 'sidecar.json');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is read as it was written', async () => {
    await writeStateFile(file, state);
    assert.deepEqual(await readStateFile(file), state);
  });

  for (const [port, isValid] of [
    [0, false],
    [1, true],
    [65_535, true],
    [65_536, false],
    [80.5, false],
    ['80', false],
  ] as const)
    it(`${isValid ? 'may' : 'must not'} name the port ${JSON.stringify(port)}`, async () => {
      const text = JSON.stringify({ ...state, port });
      await writeFile(file, text, { mode: 0o600 });
      assert.equal((await readStateFile(file))?.port, isValid ? port : undefined);
    });

  it('is not trusted if others may use it', { skip: process.platform === 'win32' }, async () => {
    await writeStateFile(file, state);
    for (const mode of [0o640, 0o604]) {
      await chmod(file, mode);
      assert.equal(await readStateFile(file), undefined, mode.toString(8));
    }
  });

  it('is removed by its own launch alone', async () => {
    await writeStateFile(file, state);
    await removeStateFile(file, 'another-launch');
    assert.deepEqual(await readStateFile(file), state);
    await removeStateFile(file, state.launchId);
    await assert.rejects(stat(file), { code: 'ENOENT' });
  });
});
