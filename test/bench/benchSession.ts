import type { ModelSession } from '../../sidecar/engine/engine.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import type { LoadedModel } from '../../sidecar/protocol/engine.ts';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { expertsOf } from '../../sidecar/shelf/modelExperts.ts';

export interface BenchSession extends ModelSession {
  readonly loaded: LoadedModel;
  /** Returns the process number of the engine. */
  readonly pid: () => number | undefined;
  dispose(): Promise<void>;
}

/**
 * Opens a real model in its own process, as in the sidecar: `modelPath`, else the model in `CHORUS_MODEL`, else the
 * bundled one.
 */
export async function openBenchSession(
  options: {
    modelPath?: string;
    /** The file of its low-rank experts. The default model has its own. */
    experts?: string;
    threads?: number;
    contextSizeTokens?: number;
    engine?: 'auto' | 'llama';
    cache?: string;
  } = {},
): Promise<BenchSession> {
  const modelPath = options.modelPath ?? (await defaultModelPath());
  const engine = new EngineProcess();
  const loaded = await engine.load({
    modelPath,
    experts: options.modelPath === undefined ? await expertsOf(modelPath) : options.experts,
    engine: options.engine ?? 'auto',
    device: 'auto',
    threads: options.threads ?? 0,
    contextSizeTokens: options.contextSizeTokens ?? 0,
    ...(options.cache === undefined ? {} : { cache: options.cache }),
  });
  return { engine, loaded, model: async () => loaded, pid: () => engine.pid, dispose: () => engine.dispose() };
}
