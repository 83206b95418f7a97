import { performance } from 'node:perf_hooks';
import type { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';

/** Returns the milliseconds until the first token of a completion. */
export async function timeToFirstTokenMs(engine: EngineProcess, text: string): Promise<number> {
  const start = performance.now();
  await engine.generate({
    sequence: 'bench',
    priority: 'completion',
    tokens: await engine.tokenize(text),
    maxTokens: 1,
    sampling: { temperature: 0 },
  });
  return performance.now() - start;
}
