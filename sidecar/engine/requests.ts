import type { MessageConnection } from 'vscode-jsonrpc/node';
import { answerRequests, notifyParent } from '../common/childProcess/answerRequests.ts';
import { onNotification } from '../common/typedMessages.ts';
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
  SCORE,
  SET_TEXTS,
  STATISTICS,
  TOKENIZE,
  TRANSCRIBE,
  TRANSCRIBED,
  UNLOAD,
} from '../protocol/engine.ts';
import type { Engine } from './engine.ts';
import type { Measuring } from './measuring.ts';
import type { Speech } from '../speech/speech.ts';

/** Answers the requests of `sidecar/protocol/engine.ts` with the engine and the speech model of this process. */
export function serveEngine(connection: MessageConnection, engine: Required<Engine> & Measuring, speech: Speech): void {
  const onRequest = answerRequests(connection);
  onRequest(LOAD, (params, signal) =>
    engine.load(params, { signal, onProgress: (share) => notifyParent(connection, LOAD_PROGRESS, { share }) }),
  );
  onRequest(UNLOAD, async () => {
    await engine.unload();
    return null;
  });
  onRequest(TOKENIZE, async ({ text, special }) => ({ tokens: await engine.tokenize(text, { special }) }));
  onRequest(DETOKENIZE, async ({ tokens, special }) => ({ text: await engine.detokenize(tokens, { special }) }));
  onRequest(CHAT_TEMPLATE, async (params) => ({ tokens: await engine.chatTemplate(params) }));
  onRequest(GENERATE, ({ requestId, ...params }, signal) =>
    engine.generate(params, {
      signal,
      onChunk: (chunk) => notifyParent(connection, GENERATE_CHUNK, { requestId, ...chunk }),
    }),
  );
  onRequest(RELEASE_SEQUENCE, async ({ sequence }) => {
    await engine.releaseSequence(sequence);
    return null;
  });
  onRequest(HAS_SEQUENCE, ({ sequence }) => engine.hasSequence(sequence));
  onRequest(SET_TEXTS, async (params) => {
    await engine.setTexts(params);
    return null;
  });
  onRequest(KEEP_CONTEXTS, async () => {
    await engine.keepContexts();
    return null;
  });
  onRequest(FORGET_CONTEXTS, async (params) => {
    await engine.forgetContexts(params);
    return null;
  });
  onRequest(LOGITS, (params, signal) => engine.logits(params, { signal }));
  onRequest(PERPLEXITY, (params, signal) => engine.perplexity(params, { signal }));
  onRequest(SCORE, (params, signal) => engine.score(params, { signal }));
  onRequest(BENCH, (params, signal) => engine.bench(params, { signal }));
  onRequest(DEVICE_MEMORY, ({ device }) => engine.deviceMemory(device));
  onRequest(STATISTICS, async () => (await engine.statistics()) ?? null);
  serveSpeech(connection, speech);
}

function serveSpeech(connection: MessageConnection, speech: Speech): void {
  const onRequest = answerRequests(connection);
  onRequest(TRANSCRIBE, (params, signal) =>
    speech.transcribe(params, {
      signal,
      onProgress: (progress) => notifyParent(connection, WORK_PROGRESS, progress),
      onSegment: (segment) => notifyParent(connection, TRANSCRIBED, segment),
    }),
  );
  onRequest(BEGIN_DICTATION, async (params, signal) => {
    await speech.beginDictation(params, { signal });
    return null;
  });
  onNotification(connection, DICTATION_SOUND, (sound) => speech.addSound(sound));
  onRequest(READ_DICTATION, (params, signal) => speech.readDictation(params, { signal }));
}
