import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  addFaultCell,
  addFuzz,
  addSoak,
  mergeOutcomes,
  readOutcomes,
  setMutations,
  type FuzzOutcome,
  type SoakOutcome,
} from './outcomes.ts';
import { reliabilityPage } from './page.ts';

const origin = { date: '2026-01-02', machine: 'a machine', node: 'v20', commit: 'abc', command: 'a command' };
const fuzz: FuzzOutcome = {
  ...origin,
  title: 'frames',
  seed: 1,
  inputs: 1_000_000,
  accepted: 7,
  crashes: 0,
  hangs: 0,
  slowestMs: 40,
  failures: [],
};
const soak: SoakOutcome = {
  ...origin,
  id: 'one',
  model: 'm.gguf',
  hours: 1.5,
  clients: 4,
  actions: { chat: 3 },
  latencies: { chat: { 10: 3 } },
  faults: [{ kind: 'kill', minute: 10, recoveredMs: 1_500 }],
  restarts: { front: 1, engine: 2, unexpected: 0 },
  orphans: 0,
  twoFronts: 0,
  wrongAnswers: [],
  comparedAnswers: 9,
  unanswered: 0,
  unexpectedErrors: {},
  frontLives: [{ startMinute: 0, residentMebibytes: Array.from({ length: 70 }, (_, minute) => 100 + minute / 120) }],
  engineLives: [],
  descriptors: { front: [30, 31], engine: [20] },
  processorShare: 0.1,
};

describe('outcomes of runs', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-outcomes-'));
    file = path.join(folder, 'reliability.json');
  });
  after(() => rm(folder, { recursive: true }));

  it('add up, even if several processes write them at once', async () => {
    await Promise.all([
      addFuzz('frames', fuzz, file),
      addSoak(soak, file),
      addSoak({ ...soak, id: 'two' }, file),
      addFaultCell({ ...origin, step: 'load', fault: 'kill -9', tried: 5, passed: 5, failures: [] }, file),
    ]);
    await addSoak({ ...soak, hours: 2 }, file);
    await setMutations({ ...origin, tried: 9, killed: 8, survivors: ['a.ts: < → <='] }, file);
    const kept = await readOutcomes(file);
    assert.deepEqual(kept.fuzz, { frames: fuzz });
    assert.deepEqual(Object.keys(kept.faults), ['load, kill -9']);
    assert.deepEqual(kept.soak.map(({ id, hours }) => [id, hours]).sort(), [
      ['one', 2],
      ['two', 1.5],
    ]);
  });

  it('are added from another file once', () => {
    const first = { fuzz: { frames: fuzz }, faults: {}, soak: [soak] };
    const second = { fuzz: {}, faults: {}, soak: [{ ...soak, hours: 3 }] };
    assert.deepEqual(
      mergeOutcomes(mergeOutcomes(first, second), second).soak.map(({ hours }) => hours),
      [3],
    );
  });

  it('make the page', async () => {
    const page = reliabilityPage(await readOutcomes(file));
    assert.match(page, /\| frames \| 1,000,000 \| 7 \| 0 \| 0 \| 0\.040 s \| yes \|/);
    assert.match(page, /8 of 9 changes are noticed\.\s+Failures:\s+- Not noticed: `a\.ts: < → <=`/);
    assert.match(page, /\| load \| 5 of 5 \|/);
    assert.match(page, /\| total hours \| 3\.5 \(goal 8\) \|/);
    assert.match(page, /\| growth of the front, MiB per hour \(goal below 1\) \| 0\.50, over 2\.0 h of 2 processes \|/);
    assert.match(page, /\| kill \| 2 \| 1\.5 s \| 1\.5 s \|/);
  });
});
