import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../common/abortable.ts';
import { TroubleError } from '../common/troubleError.ts';
import { EngineChild } from '../engine/process/engineChild.ts';
import type { Microphone, MicrophoneEvents } from './microphone/microphone.ts';
import type { ChorusSettings, DictateResult, DictationChunk } from '../protocol/client.ts';
import {
  BEGIN_DICTATION,
  DICTATION_SOUND,
  READ_DICTATION,
  type BeginDictationParams,
  type DictationReading,
} from '../protocol/engine.ts';
import { spokenIdentifiers } from './spokenIdentifiers.ts';
import { writtenText } from './writtenText.ts';

export interface DictationServiceOptions {
  readonly openMicrophone: (events: MicrophoneEvents) => Pick<Microphone, 'failed'> & Disposable;
  /** Returns the path of the speech model for a language. Rejects with `TroubleError` 'no-speech-model'. */
  readonly speechModelPath: (chosen: string | undefined, language: string) => Promise<string>;
}

export interface DictateOptions {
  readonly settings: ChorusSettings;
  /** The document that the user dictates into. Its identifiers guide the recognition and replace their spoken words. */
  readonly document?: string;
  readonly onChunk: (chunk: DictationChunk) => void;
  /** Closes the microphone at once. Sound received so far is still transcribed. */
  readonly stop: AbortSignal;
  readonly signal: AbortSignal;
}

/** A dictation, from the request to its answer. */
interface Running {
  /** Whether its microphone is closed and only the last words are being transcribed. */
  isReading: boolean;
}

/** After the last word. */
const SILENCE_LIMIT_SECONDS = 4;
/** Before the first word. */
const FIRST_WORD_LIMIT_SECONDS = 12;
const LIMIT_MS = 10 * 60_000;
/**
 * The time limit without a transcription: while the model loads, or while a model too large for the machine is slow.
 * During that time Chorus cannot know whether the user still speaks.
 */
const UNREAD_LIMIT_MS = 60_000;
/** Between two transcriptions, so that a fast processor is not always busy. */
const LEAST_PAUSE_MS = 250;
/** The speech model's process ends after this long without a dictation. */
const IDLE_MS = 5 * 60_000;

/**
 * Dictates for one client at a time. The speech model runs in its own engine process, separate from the language
 * model's. Neither process is affected by a crash of the other.
 */
export class DictationService {
  #engine: EngineChild | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** The dictation that was started last. */
  #running: Running | undefined;
  /** Resolves when all dictations so far have ended, successfully or not. */
  #ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DictationServiceOptions) {}

  /**
   * Listens until `stop`, silence or `signal`. Rejects with `TroubleError`, also while another dictation listens. If
   * another one only transcribes its last words, waits for it.
   */
  async dictate(options: DictateOptions): Promise<DictateResult> {
    if (this.#running && !this.#running.isReading)
      throw new TroubleError(
        'invalid-input',
        'Chorus is already listening, in this window or another. End that dictation first.',
      );
    const running: Running = { isReading: false };
    this.#running = running;
    const result = this.#afterOthers(options, running);
    this.#ended = Promise.allSettled([this.#ended, result]);
    return result;
  }

  async #afterOthers(options: DictateOptions, running: Running): Promise<DictateResult> {
    try {
      // A dictation that was stopped while it waited ends before it listens.
      await abortable(this.#ended, AbortSignal.any([options.stop, options.signal])).catch(() => undefined);
      clearTimeout(this.#idle);
      return await this.#dictate(options, () => (running.isReading = true));
    } finally {
      if (this.#running === running) this.#running = undefined;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => {
        this.dispose().catch(() => undefined);
      }, IDLE_MS);
      this.#idle.unref();
    }
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#idle);
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.end(new TroubleError('draining', 'Dictation has ended.'));
  }

  async #dictate(
    { settings, document = '', onChunk, stop, signal }: DictateOptions,
    onClosed: () => void,
  ): Promise<DictateResult> {
    const { device, speech } = settings;
    const language = speech?.language ?? 'auto';
    const modelPath = await this.options.speechModelPath(speech?.modelPath, language);
    const identifiers = spokenIdentifiers(document);
    const written = (text: string): string =>
      writtenText(text, { language, identifiers, obeysCommands: speech?.commands ?? false });
    const begin: BeginDictationParams = {
      model: {
        modelPath,
        device: device === undefined || device === 'auto' ? 'cpu' : device,
        threads: settings.threads ?? 0,
      },
      language,
      beamSize: speech?.beamSize,
      phrases: identifiers.map(({ words }) => words.join(' ')),
    };
    const { text, endedBy } = await this.#listen(begin, {
      onChunk: (chunk) => onChunk({ ...chunk, text: written(chunk.text) }),
      onClosed,
      stop,
      signal,
    });
    return { text: written(text), endedBy };
  }

  async #listen(
    begin: BeginDictationParams,
    {
      onChunk,
      onClosed,
      stop,
      signal: cancelled,
    }: Pick<DictateOptions, 'onChunk' | 'stop' | 'signal'> & { readonly onClosed: () => void },
  ): Promise<DictateResult> {
    cancelled.throwIfAborted();
    if (stop.aborted) return { text: '', endedBy: 'stop' };
    const engine = this.#runningEngine();
    // Ends the engine's work for a dictation whose microphone failed, so that it does not delay the next one.
    const left = new AbortController();
    const signal = AbortSignal.any([cancelled, left.signal]);
    const begun = engine.request(BEGIN_DICTATION, begin, signal);
    const sign = new Sign(onChunk);
    using microphone = this.options.openMicrophone({
      onOpen: () => sign.opened(),
      onSound: (samples) => engine.notify(DICTATION_SOUND, { samples }),
    });
    const read = (isFinal: boolean): Promise<DictationReading> => engine.request(READ_DICTATION, { isFinal }, signal);
    // Loading the model and transcribing take seconds. The microphone can be closed at any time.
    const close = (): void => {
      microphone[Symbol.dispose]();
      onClosed();
      sign.closed();
    };
    stop.addEventListener('abort', close, { once: true });
    signal.addEventListener('abort', () => microphone[Symbol.dispose](), { once: true });
    using watch = new Watch(close);
    // A failing microphone ends the wait for other results. A closed one does not.
    const failure = microphone.failed.then(() => new Promise<never>(() => undefined));
    const whileOpen = <Result>(work: Promise<Result>): Promise<Result> => Promise.race([work, failure]);
    try {
      await whileOpen(begun);
      const endedBy = await this.#untilEnd(() => whileOpen(read(false)), stop, { watch, sign, signal });
      close();
      const { text } = await read(true);
      return { text, endedBy };
    } finally {
      left.abort();
    }
  }

  async #untilEnd(
    read: () => Promise<DictationReading>,
    stop: AbortSignal,
    { watch, sign, signal }: { readonly watch: Watch; readonly sign: Sign; readonly signal: AbortSignal },
  ): Promise<DictateResult['endedBy']> {
    while (!watch.hasEnded) {
      signal.throwIfAborted();
      if (stop.aborted) return 'stop';
      const { text, hasSpeech, silenceSeconds } = await read();
      watch.heard();
      sign.show(text);
      if (silenceSeconds > (hasSpeech ? SILENCE_LIMIT_SECONDS : FIRST_WORD_LIMIT_SECONDS)) return 'silence';
      await sleep(LEAST_PAUSE_MS, undefined, { signal: AbortSignal.any([stop, signal]) }).catch(() => undefined);
    }
    return 'limit';
  }

  #runningEngine(): EngineChild {
    if (!this.#engine?.alive) this.#engine = new EngineChild({ isWatched: true });
    return this.#engine;
  }
}

/** Reports to the client: the text so far, and whether the microphone is open. */
class Sign {
  #text = '';
  #isListening = false;

  constructor(private readonly onChunk: (chunk: DictationChunk) => void) {}

  /** Reports that the microphone is open. */
  opened(): void {
    this.#tell(true, this.#text);
  }

  /** Reports that the microphone is closed. The last words may still be transcribed. */
  closed(): void {
    if (this.#isListening) this.#tell(false, this.#text);
  }

  show(text: string): void {
    if (text !== this.#text) this.#tell(this.#isListening, text);
  }

  #tell(isListening: boolean, text: string): void {
    this.#isListening = isListening;
    this.#text = text;
    this.onChunk({ isListening, text });
  }
}

/** Closes a microphone that has been open for too long, or whose sound has not been transcribed for too long. */
class Watch implements Disposable {
  readonly #endAt = performance.now() + LIMIT_MS;
  #timer: NodeJS.Timeout | undefined;
  hasEnded = false;

  constructor(private readonly close: () => void) {
    this.heard();
  }

  /** Notes that the sound so far was transcribed. */
  heard(): void {
    if (this.hasEnded) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.hasEnded = true;
        this.close();
      },
      Math.min(UNREAD_LIMIT_MS, this.#endAt - performance.now()),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
