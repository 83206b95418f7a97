import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goalLines } from './goals.ts';
import type { ExtraRow, Provenance, SpeedRow } from './rows.ts';

const provenance: Provenance = {
  processor: { name: 'a processor', instructions: [] },
  date: '2026-01-01',
  commit: 'abc',
  rounds: 3,
};
const ratio = (elapsed: number): { elapsed: number; processor: number } => ({ elapsed, processor: 1 });
const row = (given: Pick<SpeedRow, 'test' | 'depth' | 'variant' | 'ratios'>): SpeedRow => ({
  model: 'Chorus-0.5B',
  threads: 2,
  ...provenance,
  ...given,
  speeds: {},
  absent: {},
  libraries: {},
  agreement: {},
  sliceTokens: 8,
  otherShare: 0,
  waitingShare: 0,
});

describe('goalLines', () => {
  it('compares with the faster of the two settings of libllama', () => {
    const ratios = { libllama: ratio(2.5), 'libllama-plain': ratio(1.9), ik: ratio(1.3) };
    const lines = goalLines({ speeds: [row({ test: 'prompt', depth: 0, variant: 'best', ratios })], extras: [] });
    assert.deepEqual(
      lines.map(({ measured, verdict }) => [measured, verdict]),
      [
        ['1.90', 'missed'],
        ['1.30', 'met'],
      ],
    );
  });

  it('does not compare with an engine that computes something else', () => {
    const ratios = { libllama: ratio(2.5), ik: ratio(0.4) };
    const prompt = row({ test: 'prompt', depth: 0, variant: 'best', ratios });
    const speeds = [{ ...prompt, agreement: { chorus: 0.999, libllama: 1, ik: 0.7 } }];
    assert.deepEqual(
      goalLines({ speeds, extras: [] }).map(({ what }) => what),
      ['prompt at 0, chorus / libllama'],
    );
    assert.deepEqual(goalLines({ speeds: [{ ...prompt, agreement: { chorus: NaN } }], extras: [] }), []);
  });

  it('neither meets nor misses a goal with a row that other processes disturbed', () => {
    const decode = row({ test: 'decode', depth: 0, variant: 'best', ratios: { libllama: ratio(27) } });
    const lines = goalLines({ speeds: [{ ...decode, otherShare: 0.4 }], extras: [] });
    assert.deepEqual(
      lines.map(({ verdict }) => verdict),
      ['disturbed'],
    );
  });

  it('has lower goals for AVX2 alone, and no line without a ratio', () => {
    const ratios = { libllama: ratio(1.7) };
    const lines = goalLines({ speeds: [row({ test: 'prompt', depth: 0, variant: 'avx2', ratios })], extras: [] });
    assert.deepEqual(
      lines.map(({ goal, verdict }) => [goal, verdict]),
      [['≥ 1.6', 'met']],
    );
  });

  it('asks the start of models of half a billion weights, and the completion of the bundled model', () => {
    const of = { model: 'Qwen2.5-Coder-0.5B', threads: 2, variant: 'best', ...provenance } as const;
    const extras: ExtraRow[] = [
      { ...of, test: 'start', chorusMs: 300, libllamaMs: 400, ratio: 0.75 },
      { ...of, test: 'start', model: 'SmolLM2-135M', chorusMs: 300, libllamaMs: 400, ratio: 0.75 },
      { ...of, test: 'first-token', model: 'Chorus-0.5B', elapsedMs: 900 },
    ];
    assert.deepEqual(
      goalLines({ speeds: [], extras }).map(({ model, measured, verdict }) => [model, measured, verdict]),
      [
        ['Qwen2.5-Coder-0.5B', '0.75', 'missed'],
        ['Chorus-0.5B', '0.90 s', 'met'],
      ],
    );
  });
});
