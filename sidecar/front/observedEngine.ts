import type { Engine } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';

/** Receives events of a working engine. */
export interface EngineObserver {
  /** Whether Chorus is in quiet mode now. */
  isQuiet(): boolean;
  generateBegan(): void;
  generateEnded(): void;
  /** The engine process crashed, and its state is lost. */
  crashed(error: TroubleError): void;
}

/** Wraps an engine so that `observer` learns of its requests and crashes. The status and the recovery depend on it. */
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
