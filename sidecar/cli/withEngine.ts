import path from 'node:path';
import type { OwnScript } from '../common/childProcess/ownScript.ts';
import { homeFiles } from '../common/home.ts';
import { TroubleError } from '../common/troubleError.ts';
import { EngineChild } from '../engine/process/engineChild.ts';
import { EngineProcess } from '../engine/process/engineProcess.ts';
import { WORK_PROGRESS, type LoadedModel } from '../protocol/engine.ts';
import type { NotificationType, RequestType } from '../protocol/messages.ts';
import { defaultModelPath } from '../shelf/defaultModel.ts';
import { expertsOf } from '../shelf/modelExperts.ts';
import { workshopScript } from '../workshop/workshopScript.ts';
import { assertAdapters } from './assertAdapters.ts';
import { assertCache } from './assertCache.ts';
import { interruptible } from './interruptible.ts';
import { adaptersOf, type ModelOptions } from './options.ts';
import type { ProgressBar } from './progressBar.ts';

/** A command's work with a loaded model. `bar` draws the progress. */
export type EngineWork<Result> = (
  engine: EngineProcess,
  model: LoadedModel,
  signal: AbortSignal,
  bar: ProgressBar,
) => Promise<Result>;

/** Measures with this command's own engine process, so that no other requests run beside it. */
export async function withEngine<Result>(options: ModelOptions, work: EngineWork<Result>): Promise<Result> {
  return interruptible(async (signal, bar) => {
    const engine = new EngineProcess();
    try {
      const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
      const model = await engine.load(
        {
          modelPath,
          engine: options.engine ?? 'auto',
          device: options.device ?? 'auto',
          threads: options.threads ?? 0,
          contextSizeTokens: options.contextSize ?? 0,
          cache: options.cache,
          experts: options.experts === false ? undefined : await expertsOf(modelPath),
          adapters: adaptersOf(options),
          headNeedsFile: homeFiles().headNeedsFile,
        },
        { signal, onProgress: (share) => bar.update(`Loading ${modelPath}`, share) },
      );
      bar.clear();
      assertCache(model, options.cache);
      assertAdapters(model, adaptersOf(options));
      return await work(engine, model, signal, bar);
    } finally {
      await engine.dispose();
    }
  });
}

/** A long task for a child process, with the events that it sends. */
export interface LongWork<Params, Result, Event> {
  readonly type: RequestType<Params, Result>;
  readonly params: NoInfer<Params>;
  readonly events?: { readonly type: NotificationType<Event>; readonly listener: (event: NoInfer<Event>) => void };
}

/** Runs a long task, such as a transcription, in this command's own engine process. */
export function workInEngine<Params, Result, Event>(work: LongWork<Params, Result, Event>): Promise<Result> {
  return workInChild(work);
}

/** Runs a task that makes or examines a model in this command's own workshop process. */
export function workInWorkshop<Params, Result>(
  type: RequestType<Params, Result>,
  params: NoInfer<Params>,
): Promise<Result> {
  return workInChild({ type, params }, workshopScript());
}

async function workInChild<Params, Result, Event>(
  { type, params, events }: LongWork<Params, Result, Event>,
  script?: OwnScript,
): Promise<Result> {
  return interruptible(async (signal, bar) => {
    const child = new EngineChild({ script });
    if (events) {
      child.onNotification(events.type, (event) => {
        bar.clear();
        events.listener(event);
      });
    }
    child.onNotification(WORK_PROGRESS, ({ step, share }) => bar.update(step, share));
    try {
      return await child.request(type, params, signal);
    } finally {
      await child.end(new TroubleError('engine-failed', 'The work is done.'));
    }
  });
}
