import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import type { TrainMessage } from '../../../../sidecar/workshop/train/messages.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { lockTraining } from '../../../../sidecar/workshop/train/trainingLock.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';
import { startTrainingChild } from '../../../reference/trainingChild.ts';

describe('trainings with the same name', () => {
  let folder: string;
  let options: TrainOptions;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-training-lock-'));
    options = await tinyTraining(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("run one at a time: the second is refused with the holder's name, and does not disturb the first", async () => {
    const wanted = { ...options, checkpointFolder: path.join(folder, 'home', 'twice') };
    let second: Promise<unknown> | undefined;
    const { step } = await train(wanted, {
      onProgress: () => void (second ??= train(wanted).catch((error: unknown) => error)),
    });
    assert.equal(step, 12);
    const refused = await second;
    assert.ok(refused instanceof TroubleError && refused.code === 'invalid-input', String(refused));
    assert.equal(
      refused.message,
      `A training of this name is running (process ${process.pid} on ${os.hostname()}), with its checkpoints in ${wanted.checkpointFolder}. Wait for its end, stop it, or choose another --name.`,
    );
  });

  it('leave only checkpoints when they end', async () => {
    const home = path.join(folder, 'ended');
    await train({ ...options, checkpointFolder: path.join(home, 'one') });
    assert.deepEqual(await readdir(home), ['one']);
  });

  it('run in parallel with trainings of other names', async () => {
    await using first = await lockTraining(path.join(folder, 'first'));
    await using second = await lockTraining(path.join(folder, 'second'));
    first.requireHeld();
    second.requireHeld();
  });

  it('continue after a killed training, whose lock expires in seconds', async () => {
    const wanted = {
      ...options,
      checkpointFolder: path.join(folder, 'killed'),
      schedule: { ...options.schedule, totalSteps: 100_000 },
    };
    const child = startTrainingChild();
    const ended = once(child, 'exit');
    const begun = new Promise<void>((resolve, reject) =>
      child.on('message', (message: TrainMessage) =>
        message.kind === 'progress' ? resolve() : message.kind === 'trouble' && reject(new Error(message.message)),
      ),
    );
    child.send({ kind: 'start', options: wanted });
    await begun;
    await assert.rejects(lockTraining(wanted.checkpointFolder), new RegExp(`process ${child.pid} on`));
    child.kill('SIGKILL');
    await ended;
    await using lock = await lockTraining(wanted.checkpointFolder);
    lock.requireHeld();
  });
});
