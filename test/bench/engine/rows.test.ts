import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addRows, compare, type ExtraRow, type SpeedRow } from './rows.ts';

const processor = { name: 'a processor', instructions: ['AVX2'] };
const row: SpeedRow = {
  model: 'a model',
  threads: 2,
  variant: 'best',
  processor,
  date: '2026-01-01',
  commit: 'abc',
  rounds: 3,
  test: 'prompt',
  depth: 0,
  speeds: { chorus: { perSecond: 10, perProcessorSecond: 5 } },
  ratios: {},
  absent: {},
  libraries: {},
  agreement: {},
  sliceTokens: 8,
  otherShare: 0,
  waitingShare: 0,
};
const start: ExtraRow = { ...row, test: 'start', chorusMs: 100, libllamaMs: 200, ratio: 0.5 };

describe('compare', () => {
  it('takes medians of speeds and of the ratios of rounds', () => {
    const spent = (elapsedMs: number): { elapsedMs: number; processorMs: number } => ({
      elapsedMs,
      processorMs: 2 * elapsedMs,
    });
    const { speeds, ratios } = compare(100, [
      { chorus: spent(100), libllama: spent(200) },
      { chorus: spent(200), libllama: spent(300) },
      { chorus: spent(400), libllama: spent(400) },
    ]);
    assert.deepEqual(speeds.chorus, { perSecond: 500, perProcessorSecond: 250 });
    assert.deepEqual(ratios, { libllama: { elapsed: 1.5, processor: 1.5 } });
  });

  it('leaves out an engine that failed in a round', () => {
    const spent = { elapsedMs: 100, processorMs: 100 };
    const { speeds, ratios } = compare(1, [{ chorus: spent, ik: spent }, { chorus: spent }]);
    assert.deepEqual(Object.keys(speeds), ['chorus']);
    assert.deepEqual(ratios, {});
  });
});

describe('addRows', () => {
  it('replaces the row of the same model, threads, variant, test and depth', () => {
    const newer = { ...row, date: '2026-02-02' };
    const deeper = { ...row, depth: 4_096 };
    assert.deepEqual(addRows({ speeds: [row, deeper], extras: [] }, { speeds: [newer], extras: [] }).speeds, [
      newer,
      deeper,
    ]);
  });

  it('keeps figures of other tests', () => {
    const otherThreads = { ...start, threads: 1 };
    const added = addRows({ speeds: [row], extras: [start] }, { speeds: [], extras: [otherThreads] });
    assert.deepEqual(added, { speeds: [row], extras: [start, otherThreads] });
  });
});
