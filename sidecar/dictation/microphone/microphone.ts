import { execa } from 'execa';
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import { ownScript } from '../../common/childProcess/ownScript.ts';
import { LIFELINE_FD, lifelineEnvironment } from '../../common/childProcess/pulse.ts';
import type { MicrophoneMessage } from './messages.ts';

/** A microphone sends ten frames a second. After this long without one it counts as gone. */
const SILENT_LIMIT_MS = 4_000;
/** Opening may take longer: a cold disk may be slow, or the system may ask the user for permission. */
const OPENING_LIMIT_MS = 60_000;
const SILENT =
  "The microphone sends no more sound: it was unplugged, or another program took it. Choose another one in the system's sound settings.";
const NOT_OPENED = `The microphone was not opened within ${OPENING_LIMIT_MS / 1_000} s. Check whether the system asks for permission, and whether another program uses it.`;

export interface MicrophoneEvents {
  readonly onOpen: () => void;
  /** 16-bit samples at 16 kHz, little-endian, in base64. */
  readonly onSound: (samples: string) => void;
}

/** The system's open microphone, in its own process. */
export class Microphone implements Disposable {
  readonly #subprocess;
  #isClosed = false;
  /**
   * Rejects with `TroubleError` 'no-microphone' if the microphone cannot be opened or goes away. Resolves only after
   * `Symbol.dispose`.
   */
  readonly failed: Promise<void>;

  constructor({ onOpen, onSound }: MicrophoneEvents, command: readonly string[] = microphoneCommand()) {
    this.#subprocess = execa(process.execPath, command, {
      ipc: true,
      serialization: 'json',
      buffer: false,
      reject: false,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: lifelineEnvironment,
    });
    this.#subprocess.stdio[LIFELINE_FD].resume();
    this.failed = new Promise((resolve, reject) => {
      const fail = (what: string, cause?: unknown): void =>
        this.#isClosed ? resolve() : reject(new TroubleError('no-microphone', what, { cause }));
      let watchdog: NodeJS.Timeout | undefined;
      const expectMessage = (withinMs: number, otherwise: string): void => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => {
          fail(otherwise);
          this[Symbol.dispose]();
        }, withinMs);
        watchdog.unref();
      };
      expectMessage(OPENING_LIMIT_MS, NOT_OPENED);
      (this.#subprocess as unknown as NodeJS.Process).on('message', (message: MicrophoneMessage) => {
        expectMessage(SILENT_LIMIT_MS, SILENT);
        if (this.#isClosed) return;
        if (message.type === 'open') onOpen();
        else if (message.type === 'sound') onSound(message.samples);
        else
          fail(
            `The microphone can't be opened: ${message.message} Check that one is plugged in and that the system lets VS Code use it.`,
          );
      });
      this.#subprocess.then(
        ({ exitCode, signal }) => {
          clearTimeout(watchdog);
          fail(
            `The microphone process ended unexpectedly (${signal ?? `exit code ${exitCode ?? 'none'}`}). Check that a microphone is plugged in and that the system lets VS Code use it.`,
          );
        },
        (error: unknown) => fail('The microphone could not be opened.', error),
      );
    });
    // Prevents an unhandled rejection while no caller waits for it yet.
    this.failed.catch(() => undefined);
  }

  /** Closes the microphone. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#subprocess.kill('SIGKILL');
  }
}

function microphoneCommand(): readonly string[] {
  const { file, execArgv } = ownScript(import.meta.url, { bundle: 'microphone.mjs', source: './main.ts' });
  return [...execArgv, file];
}
