import path from 'node:path';
import { EngineProcess } from '../engine/process/engineProcess.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { defaultModelPath } from '../store/defaultModel.ts';
import { InterruptedError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import type { ModelOptions } from './options.ts';
import { ProgressBar } from './progressBar.ts';

/** Measures with an engine process of this command's own, so that nobody else's requests run beside. */
export async function withEngine<Result>(options: ModelOptions, work: (engine: EngineProcess, model: LoadedModel, signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const interrupt = onInterrupt();
  const engine = new EngineProcess();
  const bar = new ProgressBar();
  try {
    const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
    const model = await engine.load(
      { modelPath, engine: options.engine ?? 'auto', device: options.device ?? 'auto', threads: options.threads ?? 0, contextSizeTokens: options.contextSize ?? 0 },
      { signal: interrupt.signal, onProgress: (share) => bar.update(`Loading ${modelPath}`, share) },
    );
    bar.clear();
    return await work(engine, model, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) throw new InterruptedError('Interrupted', { cause: error });
    throw error;
  } finally {
    bar.clear();
    interrupt.dispose();
    await engine.dispose();
  }
}
