import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { computeEnvironment } from '../../../sidecar/common/childProcess/computeEnvironment.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import type { DraftingSpeed } from '../draftingSpeed.ts';
import { timeToFirstTokenMs } from '../firstToken.ts';
import { repositoryRoot } from '../report.ts';
import { median } from '../statistics.ts';
import type { AloneOptions } from './aloneProtocol.ts';
import type { EngineModel } from './models.ts';
import type { Extra } from './rows.ts';

/** The length of the uncached prompt of a completion: about 500 tokens of code. */
export const FIRST_TOKEN_CHARACTERS = 2_000;
/** The sources whose beginnings are read: the first warms up, and each other is a round. */
const TEXTS = ['sidecar/cli/options.ts', 'sidecar/engine/process/engineProcess.ts', 'sidecar/models/gguf/validate.ts'];

/** Measures drafting on a file that is repeated with edits. */
export async function measureDrafting(options: AloneOptions, environment: NodeJS.ProcessEnv): Promise<Extra> {
  const script = fileURLToPath(new URL('draftingProcess.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    cwd: repositoryRoot,
    env: { ...computeEnvironment, ...environment },
  });
  return { test: 'drafting', ...(JSON.parse(stdout.trim().split('\n').at(-1) as string) as DraftingSpeed) };
}

/**
 * Measures the time from a completion's request to its first token, in the engine's process as the product starts it.
 * The median of texts that the engine has not seen.
 */
export async function measureFirstToken(model: EngineModel, threads: number): Promise<Extra> {
  const texts = await Promise.all(TEXTS.map((file) => readFile(path.join(repositoryRoot, file), 'utf8')));
  const engine = new EngineProcess();
  try {
    const { file: modelPath, experts } = model;
    const choice = { engine: 'auto', device: 'cpu', contextSizeTokens: 0 } as const;
    await engine.load({ modelPath, threads, ...choice, ...(experts === undefined ? {} : { experts }) });
    const times: number[] = [];
    for (const text of texts) times.push(await timeToFirstTokenMs(engine, text.slice(0, FIRST_TOKEN_CHARACTERS)));
    return { test: 'first-token', elapsedMs: median(times.slice(1)) };
  } finally {
    await engine.dispose();
  }
}
