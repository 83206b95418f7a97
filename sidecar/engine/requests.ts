import type { MessageConnection } from 'vscode-jsonrpc/node';
import { answerRequests, notifyParent } from '../common/childProcess/answerRequests.ts';
import {
  BEGIN_DICTATION,
  BENCH,
  CHAT_TEMPLATE,
  DETOKENIZE,
  DEVICE_MEMORY,
  DICTATION_SOUND,
  FORGET_CONTEXTS,
  GENERATE,
  GENERATE_CHUNK,
  HAS_SEQUENCE,
  KEEP_CONTEXTS,
  LOAD,
  LOAD_PROGRESS,
  LOGITS,
  WORK_PROGRESS,
  PERPLEXITY,
  READ_DICTATION,
  RELEASE_SEQUENCE,
  SET_TEXTS,
  STATISTICS,
  TOKENIZE,
  TRANSCRIBE,
  TRANSCRIBED,
  UNLOAD,
  type BeginDictationParams,
  type BenchParams,
  type ChatTemplateParams,
  type DetokenizeParams,
  type DetokenizeResult,
  type DeviceMemory,
  type DeviceMemoryParams,
  type DictationSound,
  type EngineGenerateParams,
  type ForgetContextsParams,
  type GenerateChunk,
  type HasSequenceParams,
  type LoadParams,
  type LogitsParams,
  type WorkProgress,
  type PerplexityParams,
  type ReadDictationParams,
  type ReleaseSequenceParams,
  type SetTextsParams,
  type TokenizeParams,
  type TokenizeResult,
  type TranscribeParams,
} from '../protocol/engine.ts';
import type { Engine } from './engine.ts';
import type { Measuring } from './measuring.ts';
import type { Speech } from '../speech/speech.ts';

/** Answers the requests of `sidecar/protocol/engine.ts` with an engine and a speech model of this process. */
export function serveEngine(connection: MessageConnection, engine: Engine & Measuring, speech: Speech): void {
  const onRequest = answerRequests(connection);
  onRequest(LOAD, (params: LoadParams, signal) =>
    engine.load(params, { signal, onProgress: (share) => notifyParent(connection, LOAD_PROGRESS, { share }) }),
  );
  onRequest(UNLOAD, async () => {
    await engine.unload();
    return null;
  });
  onRequest(TOKENIZE, async ({ text, special }: TokenizeParams): Promise<TokenizeResult> => ({
    tokens: await engine.tokenize(text, { special }),
  }));
  onRequest(DETOKENIZE, async ({ tokens, special }: DetokenizeParams): Promise<DetokenizeResult> => ({
    text: await engine.detokenize(tokens, { special }),
  }));
  onRequest(CHAT_TEMPLATE, async (params: ChatTemplateParams): Promise<TokenizeResult> => ({
    tokens: await engine.chatTemplate(params),
  }));
  onRequest(GENERATE, ({ requestId, ...params }: EngineGenerateParams, signal) =>
    engine.generate(params, {
      signal,
      onChunk: (chunk) => notifyParent(connection, GENERATE_CHUNK, { requestId, ...chunk } satisfies GenerateChunk),
    }),
  );
  onRequest(RELEASE_SEQUENCE, async ({ sequence }: ReleaseSequenceParams) => {
    await engine.releaseSequence(sequence);
    return null;
  });
  onRequest(HAS_SEQUENCE, async ({ sequence }: HasSequenceParams) => (await engine.hasSequence?.(sequence)) === true);
  onRequest(SET_TEXTS, async (params: SetTextsParams) => {
    await engine.setTexts?.(params);
    return null;
  });
  onRequest(KEEP_CONTEXTS, async () => {
    await engine.keepContexts?.();
    return null;
  });
  onRequest(FORGET_CONTEXTS, async (params: ForgetContextsParams) => {
    await engine.forgetContexts?.(params);
    return null;
  });
  onRequest(LOGITS, (params: LogitsParams, signal) => engine.logits(params, { signal }));
  onRequest(PERPLEXITY, (params: PerplexityParams, signal) => engine.perplexity(params, { signal }));
  onRequest(BENCH, (params: BenchParams, signal) => engine.bench(params, { signal }));
  const onProgress = (progress: WorkProgress): void => notifyParent(connection, WORK_PROGRESS, progress);
  onRequest(TRANSCRIBE, (params: TranscribeParams, signal) =>
    speech.transcribe(params, {
      signal,
      onProgress,
      onSegment: (segment) => notifyParent(connection, TRANSCRIBED, segment),
    }),
  );
  onRequest(BEGIN_DICTATION, async (params: BeginDictationParams, signal) => {
    await speech.beginDictation(params, { signal });
    return null;
  });
  connection.onNotification(DICTATION_SOUND, (sound: DictationSound) => speech.addSound(sound));
  onRequest(READ_DICTATION, (params: ReadDictationParams, signal) => speech.readDictation(params, { signal }));
  onRequest(
    DEVICE_MEMORY,
    async ({ device }: DeviceMemoryParams): Promise<DeviceMemory | null> =>
      (await engine.deviceMemory?.(device)) ?? null,
  );
  onRequest(STATISTICS, async () => (await engine.statistics?.()) ?? null);
}
