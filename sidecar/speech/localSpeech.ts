import { open } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Device } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { Speech, TranscribeEvents } from './speech.ts';
import { openComputeDevice } from '../models/computeDevice.ts';
import { computeThreads } from '../models/threads.ts';
import type {
  BeginDictationParams,
  DictationReading,
  DictationSound,
  ReadDictationParams,
  SpeechModelParams,
  TranscribeParams,
  TranscribeResult,
} from '../protocol/engine.ts';
import { Dictation } from './dictation.ts';
import { openSpeechModel } from './speechModel.ts';
import { SpeechTransformerTranscriber } from './speechTransformerTranscriber.ts';
import { WavFile } from './wavFile.ts';
import { WhisperTranscriber } from './whisperTranscriber.ts';
import type { WindowTranscriber } from './windowTranscriber.ts';

const GGUF_MAGIC = 'GGUF';

interface Opened {
  readonly key: string;
  readonly device: Device;
  readonly transcriber: WindowTranscriber;
}

/**
 * Speech recognition in this process. Tasks run one after another, since they share a model and a device. The last
 * model stays loaded, since loading takes longer than transcribing a sentence.
 */
export class LocalSpeech implements Speech {
  #opened: Opened | undefined;
  #dictation: Dictation | undefined;
  /** Settles when the last task ends. */
  #last: Promise<unknown> = Promise.resolve();

  async transcribe(params: TranscribeParams, events: TranscribeEvents = {}): Promise<TranscribeResult> {
    return this.#afterOthers(() => this.#transcribe(params, events), events.signal);
  }

  async #transcribe(
    params: TranscribeParams,
    { onSegment, onProgress, signal }: TranscribeEvents,
  ): Promise<TranscribeResult> {
    // Cheap checks come first.
    const sound = await WavFile.open(params.soundPath);
    try {
      const { transcriber } = await this.#open(params.model, signal);
      const step = `Transcribing ${path.basename(params.soundPath)}`;
      const startedAt = performance.now();
      const source = { sampleRateHz: sound.format.sampleRateHz, read: (count: number) => sound.read(count) };
      const segments = transcriber.transcribe(source, {
        language: params.language,
        temperatures: params.temperatures,
        beamSize: params.beamSize,
        phrases: params.phrases,
        withContext: params.withContext,
        onlySpeech: params.onlySpeech,
        briefWindows: params.briefWindows,
        signal,
        onProgress: (seconds) => onProgress?.({ step, share: Math.min(1, seconds / sound.durationSeconds) }),
      });
      for await (const segment of segments) onSegment?.(segment);
      return { durationSeconds: sound.durationSeconds, elapsedSeconds: (performance.now() - startedAt) / 1000 };
    } finally {
      await sound.close();
    }
  }

  async beginDictation(
    { model, language, beamSize, phrases }: BeginDictationParams,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    // Sound that arrives while the model is loading is kept.
    const dictation = new Dictation({ language, beamSize, phrases });
    this.#dictation = dictation;
    try {
      dictation.transcriber = (await this.#afterOthers(() => this.#open(model, signal), signal)).transcriber;
    } catch (error) {
      this.#forget(dictation);
      throw error;
    }
  }

  addSound({ samples }: DictationSound): void {
    const bytes = Buffer.from(samples, 'base64');
    this.#dictation?.add(
      Float32Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => bytes.readInt16LE(2 * index) / 32_768),
    );
  }

  async readDictation(
    { isFinal }: ReadDictationParams,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<DictationReading> {
    const dictation = this.#dictation;
    if (!dictation) throw new TroubleError('invalid-input', 'No dictation has been started.');
    try {
      const reading = await this.#afterOthers(() => dictation.read({ isFinal, signal }), signal);
      if (isFinal) this.#forget(dictation);
      return reading;
    } catch (error) {
      this.#forget(dictation);
      throw error;
    }
  }

  /** Drops a dictation, so that speech is not kept longer than needed. */
  #forget(dictation: Dictation): void {
    if (this.#dictation === dictation) this.#dictation = undefined;
  }

  async #afterOthers<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #open(params: SpeechModelParams, signal?: AbortSignal): Promise<Opened> {
    const threads = await computeThreads(params.threads);
    const key = JSON.stringify([params.modelPath, params.device, threads]);
    if (this.#opened?.key === key) return this.#opened;
    this.#close();
    const device = await openComputeDevice(params.device, { threads });
    try {
      this.#opened = { key, device, transcriber: await openTranscriber(params.modelPath, device, signal) };
      return this.#opened;
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  #close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.transcriber[Symbol.dispose]();
    opened?.device[Symbol.dispose]();
  }
}

/** Opens a transcriber by the kind of the file: GGUF or whisper.cpp. */
async function openTranscriber(modelPath: string, device: Device, signal?: AbortSignal): Promise<WindowTranscriber> {
  if (await isGguf(modelPath)) return SpeechTransformerTranscriber.open(modelPath, device, { signal });
  return new WhisperTranscriber(await openSpeechModel(modelPath, device, { signal }));
}

async function isGguf(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  try {
    const read = await handle?.read(Buffer.alloc(GGUF_MAGIC.length), 0, GGUF_MAGIC.length, 0);
    return read?.buffer.toString('latin1') === GGUF_MAGIC;
  } finally {
    await handle?.close();
  }
}
