import path from 'node:path';
import { homeFiles } from '../common/home.ts';
import { TroubleError } from '../engine/engine.ts';
import { EngineChild } from '../engine/process/engineChild.ts';
import { EngineProcess } from '../engine/process/engineProcess.ts';
import { MAKING_PROGRESS, type LoadedModel, type MakingProgress } from '../protocol/engine.ts';
import { defaultModelPath } from '../shelf/defaultModel.ts';
import { assertCache } from './assertCache.ts';
import { interruptible } from './interruptible.ts';
import type { ModelOptions } from './options.ts';
import type { ProgressBar } from './progressBar.ts';

/** What a command does with a model that is loaded; `bar` draws how far it is. */
export type EngineWork<Result> = (engine: EngineProcess, model: LoadedModel, signal: AbortSignal, bar: ProgressBar) => Promise<Result>;

/** Measures with an engine process of this command's own, so that nobody else's requests run beside. */
export async function withEngine<Result>(options: ModelOptions, work: EngineWork<Result>): Promise<Result> {
  return interruptible(async (signal, bar) => {
    const engine = new EngineProcess();
    try {
      const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
      const model = await engine.load(
        { modelPath, engine: options.engine ?? 'auto', device: options.device ?? 'auto', threads: options.threads ?? 0, contextSizeTokens: options.contextSize ?? 0, cache: options.cache, headNeedsFile: homeFiles().headNeedsFile },
        { signal, onProgress: (share) => bar.update(`Loading ${modelPath}`, share) },
      );
      bar.clear();
      assertCache(model, options.cache);
      return await work(engine, model, signal, bar);
    } finally {
      await engine.dispose();
    }
  });
}

/** Has an engine process of this command's own do one piece of work: make a model of others, write down what is said. `events` come while it works. */
export async function makeInEngine<Result, Event = never>(method: string, params: object, events?: { readonly method: string; readonly listener: (event: Event) => void }): Promise<Result> {
  return interruptible(async (signal, bar) => {
    const engine = new EngineChild();
    if (events) {
      engine.onNotification<Event>(events.method, (event) => {
        bar.clear();
        events.listener(event);
      });
    }
    engine.onNotification<MakingProgress>(MAKING_PROGRESS, ({ step, share }) => bar.update(step, share));
    try {
      return await engine.request<Result>(method, params, signal);
    } finally {
      await engine.end(new TroubleError('engine-failed', 'The work is done.'));
    }
  });
}
