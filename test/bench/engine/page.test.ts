import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { enginePage } from './page.ts';
import { processorOf } from './processor.ts';
import type { SpeedRow } from './rows.ts';

const processor = processorOf(
  'cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 avx512f avx512_vnni\n',
);
const row: SpeedRow = {
  model: 'a model',
  threads: 2,
  variant: 'best',
  processor,
  date: '2026-01-01',
  commit: 'abc',
  rounds: 3,
  test: 'decode',
  depth: 4_096,
  speeds: {
    chorus: { perSecond: 30, perProcessorSecond: 15 },
    libllama: { perSecond: 20, perProcessorSecond: 10 },
  },
  ratios: { libllama: { elapsed: 1.5, processor: 1.5 } },
  absent: { ik: 'It does not know the model.' },
  libraries: { libllama: ['libggml-cpu-zen4'] },
  agreement: {},
  sliceTokens: 8,
  otherShare: 0.01,
  waitingShare: 0.002,
};

describe('enginePage', () => {
  const page = enginePage({ speeds: [row], extras: [] });

  it('leaves the cells of an engine empty that could not run, and tells the reason', () => {
    assert.ok(page.includes('| decode | 4,096 | 2 | 30.0 (15.0) | 20.0 (10.0) |  | 1.50 (1.50) |  |'));
    assert.ok(page.includes('No figures of ik_llama.cpp: It does not know the model.'));
  });

  it('names the processor with its instructions', () => {
    assert.ok(page.includes('| AMD EPYC, family 25, model 17 (AVX2, AVX-512, AVX-512 VNNI) | 2026-01-01 |'));
  });

  it('tells how much other processes disturbed', () => {
    assert.match(page, /waited used at most 0\.2 % .* other processes at most 1\.0 %/);
  });
});
