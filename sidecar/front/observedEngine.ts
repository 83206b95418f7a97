import type { Engine } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';

/** What the observer hears of an engine at work. */
export interface EngineObserver {
  /** Whether the machine is to be spared now. */
  isQuiet(): boolean;
  generateBegan(): void;
  generateEnded(): void;
  /** The engine process died: what was loaded is gone. */
  crashed(error: TroubleError): void;
}

/** The same engine, with someone listening: how status and recovery know what the services do with it. */
export function observeEngine(engine: Engine, observer: EngineObserver): Engine {
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof TroubleError && error.code === 'engine-crashed') observer.crashed(error);
      throw error;
    }
  };
  return {
    load: (params, options) => watch(engine.load(params, options)),
    unload: () => watch(engine.unload()),
    tokenize: (text, options) => watch(engine.tokenize(text, options)),
    detokenize: (tokens, options) => watch(engine.detokenize(tokens, options)),
    chatTemplate: (params) => watch(engine.chatTemplate(params)),
    releaseSequence: (sequence) => watch(engine.releaseSequence(sequence)),
    ...(engine.hasSequence && { hasSequence: engine.hasSequence.bind(engine) }),
    setTexts: async (params) => engine.setTexts?.(params),
    keepContexts: async () => engine.keepContexts?.(),
    forgetContexts: async (params) => engine.forgetContexts?.(params),
    statistics: async () => engine.statistics?.(),
    ...(engine.deviceMemory && { deviceMemory: engine.deviceMemory.bind(engine) }),
    dispose: () => engine.dispose(),
    async generate(params, options) {
      observer.generateBegan();
      try {
        return await watch(engine.generate(observer.isQuiet() ? { ...params, quiet: true } : params, options));
      } finally {
        observer.generateEnded();
      }
    },
  };
}
