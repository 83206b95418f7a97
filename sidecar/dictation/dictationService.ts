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
  type DictationSound,
  type ReadDictationParams,
} from '../protocol/engine.ts';
import { spokenIdentifiers } from './spokenIdentifiers.ts';
import { writtenText } from './writtenText.ts';

export interface DictationServiceOptions {
  readonly openMicrophone: (events: MicrophoneEvents) => Pick<Microphone, 'failed'> & Disposable;
  /** Path of the speech model for a language. Throws `TroubleError` 'no-speech-model'. */
  readonly speechModelPath: (chosen: string | undefined, language: string) => Promise<string>;
}

export interface DictateOptions {
  readonly settings: ChorusSettings;
  /** What is dictated into: its identifiers are expected, and written where their words are said. */
  readonly document?: string;
  readonly onChunk: (chunk: DictationChunk) => void;
  /** Closes the microphone at once; what was said is still read. */
  readonly stop: AbortSignal;
  readonly signal: AbortSignal;
}

/** One dictation, from the request to its answer. */
interface Running {
  /** Its microphone is closed for good: only its last words are still read. */
  isReading: boolean;
}

/** After the last word. */
const SILENCE_LIMIT_SECONDS = 4;
/** Before the first. */
const FIRST_WORD_LIMIT_SECONDS = 12;
const LIMIT_MS = 10 * 60_000;
/**
 * Without a reading, while a model is loaded or one that is too large for the machine reads: then nobody knows whether
 * somebody still speaks.
 */
const UNREAD_LIMIT_MS = 60_000;
/** Between two readings, so that a quick processor is not busy all the time. */
const LEAST_PAUSE_MS = 250;
/** The speech model's process ends when nobody dictated for so long. */
const IDLE_MS = 5 * 60_000;

/**
 * Listens for one client at a time. The model runs in an engine process of its own, beside that of the language model;
 * neither waits for the other's death.
 */
export class DictationService {
  #engine: EngineChild | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** What was begun last. */
  #running: Running | undefined;
  /** Resolves when all that was begun has ended, whatever came of it. */
  #ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DictationServiceOptions) {}

  /**
   * Listens until `stop`, silence or the signal. Throws `TroubleError`, also while another dictation listens; while one
   * only reads its last words, it waits for that.
   */
  async dictate(options: DictateOptions): Promise<DictateResult> {
    if (this.#running && !this.#running.isReading)
      throw new TroubleError(
        'invalid-input',
        'Chorus is listening already, for this window or another one. End that dictation first.',
      );
    const running: Running = { isReading: false };
    this.#running = running;
    const result = this.#afterOthers(options, running);
    this.#ended = Promise.allSettled([this.#ended, result]);
    return result;
  }

  async #afterOthers(options: DictateOptions, running: Running): Promise<DictateResult> {
    try {
      // What ended it meanwhile is looked at before anybody listens.
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
    // What the engine still does for a dictation whose microphone failed is in the next one's way.
    const left = new AbortController();
    const signal = AbortSignal.any([cancelled, left.signal]);
    const begun = engine.request(BEGIN_DICTATION, begin, signal);
    const sign = new Sign(onChunk);
    using microphone = this.options.openMicrophone({
      onOpen: () => sign.opened(),
      onSound: (samples) => engine.notify(DICTATION_SOUND, { samples } satisfies DictationSound),
    });
    const read = (isFinal: boolean): Promise<DictationReading> =>
      engine.request(READ_DICTATION, { isFinal } satisfies ReadDictationParams, signal);
    // Loading a model and reading take seconds: the microphone waits for neither.
    const close = (): void => {
      microphone[Symbol.dispose]();
      onClosed();
      sign.closed();
    };
    stop.addEventListener('abort', close, { once: true });
    signal.addEventListener('abort', () => microphone[Symbol.dispose](), { once: true });
    using watch = new Watch(close);
    // A microphone that fails ends the wait for whatever comes meanwhile; one that was closed does not.
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

/** What the client is shown: the text so far, and whether somebody listens. */
class Sign {
  #text = '';
  #isListening = false;

  constructor(private readonly onChunk: (chunk: DictationChunk) => void) {}

  /** The microphone is open. */
  opened(): void {
    this.#tell(true, this.#text);
  }

  /** It is closed; of what was said the last is still to be read. */
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

/** Closes a microphone that has been open for too long, or that nobody has read for too long, whatever else goes on. */
class Watch implements Disposable {
  readonly #endAt = performance.now() + LIMIT_MS;
  #timer: NodeJS.Timeout | undefined;
  hasEnded = false;

  constructor(private readonly close: () => void) {
    this.heard();
  }

  /** Says that the sound so far was read. */
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
