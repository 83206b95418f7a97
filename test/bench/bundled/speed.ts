import { readFile } from 'node:fs/promises';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import { timeToFirstTokenMs } from '../firstToken.ts';
import { readBitTexts } from './bitTexts.ts';
import type { BenchModel } from './models.ts';

/** The speed in one round. */
export interface Speed {
  /** Tokens per second. */
  readonly prompt: number;
  readonly decode: number;
  /** The time from a completion's request to its first token, for an uncached prompt. */
  readonly firstTokenMs: number;
  /** The memory of the engine's process after a completion with a long prompt. */
  readonly residentBytes: number;
  /** The maximum memory until then. */
  readonly peakBytes: number;
}

export const PROMPT_TOKENS = 256;
const DECODE_TOKENS = 32;
export const DEPTH_TOKENS = 256;
const ROUNDS = 5;
/**
 * The same text for all models: about 600 tokens of code, and about 2,400. The latter is as much of a document as
 * completion uses.
 */
export const FIRST_TOKEN_CHARACTERS = 2_000;
export const LONG_CHARACTERS = 8_000;

/**
 * Measures models as the product runs them, each in its own engine process. They take turns, so that other load affects
 * all of them. No result is kept, so all rounds run however little time a run has.
 */
export async function measureSpeeds(models: readonly BenchModel[]): Promise<ReadonlyMap<string, readonly Speed[]>> {
  const rounds = new Map(models.map(({ name }) => [name, [] as Speed[]]));
  const code = (await readBitTexts(['code'])).map(({ text }) => text).join('\n');
  for (let round = 0; round < ROUNDS; round++) {
    for (const model of models) rounds.get(model.name)?.push(await measureSpeed(model, code));
    console.error(`Speed: round ${round + 1} of ${ROUNDS}`);
  }
  return rounds;
}

async function measureSpeed({ file, experts }: BenchModel, code: string): Promise<Speed> {
  const engine = new EngineProcess();
  try {
    await engine.load({ modelPath: file, experts, engine: 'auto', device: 'cpu', threads: 0, contextSizeTokens: 0 });
    // The first completion reads the weights from the disk.
    await timeToFirstTokenMs(engine, code.slice(-FIRST_TOKEN_CHARACTERS));
    const firstTokenMs = await timeToFirstTokenMs(engine, code.slice(0, FIRST_TOKEN_CHARACTERS));
    await timeToFirstTokenMs(engine, code.slice(FIRST_TOKEN_CHARACTERS, FIRST_TOKEN_CHARACTERS + LONG_CHARACTERS));
    const memory = await memoryOf(engine.pid as number);
    const { results } = await engine.bench({
      promptTokens: PROMPT_TOKENS,
      decodeTokens: DECODE_TOKENS,
      depths: [DEPTH_TOKENS],
    });
    const speedOf = (wanted: 'prompt' | 'decode'): number =>
      results.find(({ test }) => test === wanted)?.tokensPerSecond ?? NaN;
    return { prompt: speedOf('prompt'), decode: speedOf('decode'), firstTokenMs, ...memory };
  } finally {
    await engine.dispose();
  }
}

/** Returns the memory of a process. Throws if the system has no `/proc`. */
async function memoryOf(pid: number): Promise<Pick<Speed, 'residentBytes' | 'peakBytes'>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch((error: unknown) => {
    throw new Error('Memory can only be measured on Linux: leave out speed by --only.', { cause: error });
  });
  const bytes = (key: string): number => 1024 * Number(status.match(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm'))?.[1]);
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}
