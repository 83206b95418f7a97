import { spawn } from 'node:child_process';
import os from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { OtherLoad } from './otherLoad.ts';
import { compare, type SpeedRow, type Test } from './rows.ts';
import type { SpentByEngine, Turns } from './turns.ts';

export const PROMPT_TOKENS = 512;
export const DECODE_TOKENS = 64;
const BUSY_TOKENS = 32;
/** The time after which the scheduler has spread the other work. */
const SETTLING_MS = 1_500;

/** A row without its case and its provenance. */
export type Measured = Pick<SpeedRow, 'test' | 'depth' | 'speeds' | 'ratios' | 'otherShare'>;

interface Wanted {
  readonly depths: readonly number[];
  readonly tests: readonly Test[];
  readonly rounds: number;
  /** The tokens that an engine decodes before the next has its turn. */
  readonly sliceTokens: number;
}

/** Measures prompts and decoding of all engines in turns, at each depth. `onRow` gets each row when it is measured. */
export async function measureDepths(
  turns: Turns,
  { depths, tests, rounds, sliceTokens }: Wanted,
  onRow: (row: Measured) => void,
): Promise<void> {
  let filled = 0;
  for (const depth of [...depths].sort((a, b) => a - b)) {
    await turns.each({ do: 'fill', from: filled, count: depth - filled });
    filled = depth;
    for (const test of tests) {
      if (test === 'busy') continue;
      const count = test === 'prompt' ? PROMPT_TOKENS : DECODE_TOKENS;
      const size = test === 'prompt' ? PROMPT_TOKENS : sliceTokens;
      const measured: SpentByEngine[] = [];
      const load = new OtherLoad(turns.usedMs);
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        await turns.each({ do: 'truncate', depth });
        const spent = await turns.slices({ do: test, count: size }, { count: count / size, round });
        if (round > 0) measured.push(spent);
      }
      await turns.each({ do: 'truncate', depth });
      onRow({ test, depth, otherShare: load.share(turns.usedMs), ...compare(count, measured) });
    }
  }
}

/** Decodes while an endless loop per core keeps every core busy. */
export async function measureBusy(turns: Turns, rounds: number): Promise<Measured> {
  const load = new OtherLoad(turns.usedMs);
  const loops = Array.from({ length: os.availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  const measured: SpentByEngine[] = [];
  try {
    await sleep(SETTLING_MS);
    for (let round = 0; round < rounds; round++) {
      await turns.each({ do: 'truncate', depth: 0 });
      measured.push(await turns.each({ do: 'decode', count: BUSY_TOKENS }, round));
    }
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
  return { test: 'busy', depth: 0, otherShare: load.share(turns.usedMs), ...compare(BUSY_TOKENS, measured) };
}
