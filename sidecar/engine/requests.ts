import { ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import {
  BEGIN_DICTATION,
  BENCH,
  CHAT_TEMPLATE,
  DETOKENIZE,
  DEVICE_MEMORY,
  DICTATION_SOUND,
  ENGINE_ERROR,
  FORGET_CONTEXTS,
  GENERATE,
  GENERATE_CHUNK,
  HAS_SEQUENCE,
  KEEP_CONTEXTS,
  LOAD,
  LOAD_PROGRESS,
  LOGITS,
  MAKING_PROGRESS,
  OUTLIERS,
  PERPLEXITY,
  QUANTIZE,
  READ_DICTATION,
  RELEASE_SEQUENCE,
  SET_TEXTS,
  SELECT,
  STATISTICS,
  TOKENIZE,
  TRANSCRIBE,
  TRANSCRIBED,
  TRIM,
  UNLOAD,
  UPCYCLE,
  type BeginDictationParams,
  type BenchParams,
  type ChatTemplateParams,
  type DetokenizeParams,
  type DetokenizeResult,
  type DeviceMemory,
  type DeviceMemoryParams,
  type DictationSound,
  type EngineErrorData,
  type EngineGenerateParams,
  type ForgetContextsParams,
  type GenerateChunk,
  type HasSequenceParams,
  type LoadParams,
  type LogitsParams,
  type MakingProgress,
  type OutliersParams,
  type PerplexityParams,
  type QuantizeParams,
  type ReadDictationParams,
  type ReleaseSequenceParams,
  type SetTextsParams,
  type SelectParams,
  type TokenizeParams,
  type TokenizeResult,
  type TranscribeParams,
  type TrimParams,
  type UpcycleParams,
} from '../protocol/engine.ts';
import { TroubleError, type Engine } from './engine.ts';
import type { Making } from '../workshop/making.ts';
import type { Measuring } from './measuring.ts';
import type { Speech } from '../speech/speech.ts';

/** Answers the requests of `sidecar/protocol/engine.ts` with an engine of this process. */
export function serveEngine(connection: MessageConnection, engine: Engine & Measuring, others: { readonly making: Making; readonly speech: Speech }): void {
  const { making, speech } = others;
  const onRequest = <Params, Result>(method: string, handle: (params: Params, signal: AbortSignal) => Promise<Result>): void => {
    connection.onRequest(method, async (params: Params, token: CancellationToken) => {
      try {
        return await handle(params, abortSignal(token));
      } catch (error) {
        throw toResponseError(error);
      }
    });
  };

  onRequest(LOAD, (params: LoadParams, signal) =>
    engine.load(params, { signal, onProgress: (share) => notify(connection, LOAD_PROGRESS, { share }) }));
  onRequest(UNLOAD, async () => {
    await engine.unload();
    return null;
  });
  onRequest(TOKENIZE, async ({ text, special }: TokenizeParams): Promise<TokenizeResult> => ({ tokens: await engine.tokenize(text, { special }) }));
  onRequest(DETOKENIZE, async ({ tokens, special }: DetokenizeParams): Promise<DetokenizeResult> => ({ text: await engine.detokenize(tokens, { special }) }));
  onRequest(CHAT_TEMPLATE, async (params: ChatTemplateParams): Promise<TokenizeResult> => ({ tokens: await engine.chatTemplate(params) }));
  onRequest(GENERATE, ({ requestId, ...params }: EngineGenerateParams, signal) =>
    engine.generate(params, { signal, onChunk: (chunk) => notify(connection, GENERATE_CHUNK, { requestId, ...chunk } satisfies GenerateChunk) }));
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
  const onMaking = (progress: MakingProgress): void => notify(connection, MAKING_PROGRESS, progress);
  onRequest(UPCYCLE, (params: UpcycleParams, signal) => making.upcycle(params, { signal, onProgress: onMaking }));
  onRequest(QUANTIZE, (params: QuantizeParams, signal) => making.quantize(params, { signal, onProgress: onMaking }));
  onRequest(TRIM, (params: TrimParams, signal) => making.trim(params, { signal, onProgress: onMaking }));
  onRequest(OUTLIERS, (params: OutliersParams, signal) => making.outliers(params, { signal, onProgress: onMaking }));
  onRequest(SELECT, (params: SelectParams, signal) => making.selectRows(params, { signal, onProgress: onMaking }));
  onRequest(TRANSCRIBE, (params: TranscribeParams, signal) =>
    speech.transcribe(params, { signal, onProgress: onMaking, onSegment: (segment) => notify(connection, TRANSCRIBED, segment) }));
  onRequest(BEGIN_DICTATION, async (params: BeginDictationParams, signal) => {
    await speech.beginDictation(params, { signal });
    return null;
  });
  connection.onNotification(DICTATION_SOUND, (sound: DictationSound) => speech.addSound(sound));
  onRequest(READ_DICTATION, (params: ReadDictationParams, signal) => speech.readDictation(params, { signal }));
  onRequest(DEVICE_MEMORY, async ({ device }: DeviceMemoryParams): Promise<DeviceMemory | null> => (await engine.deviceMemory?.(device)) ?? null);
  onRequest(STATISTICS, async () => (await engine.statistics?.()) ?? null);
}

function notify(connection: MessageConnection, method: string, params: object): void {
  // A notification fails only when the parent has gone, and then this process goes too.
  connection.sendNotification(method, params).catch(() => undefined);
}

function abortSignal(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function toResponseError(error: unknown): ResponseError<EngineErrorData> {
  if (error instanceof TroubleError) return new ResponseError(ENGINE_ERROR, error.message, { code: error.code, detail: error.detail });
  return new ResponseError(ENGINE_ERROR, error instanceof Error ? error.message : String(error), {
    code: 'engine-failed',
    detail: error instanceof Error ? error.stack : undefined,
  });
}
