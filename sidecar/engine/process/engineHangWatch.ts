import type { Pulse } from '../../common/childProcess/pulse.ts';

const LOOK_MS = 700;
/** The looks in a row without a change after which a process hangs: 7 s. */
const LOOKS = 10;
/** At the start: 60 s, since the engine may be read from a cold disk, on a busy machine. */
const LOOKS_AT_START = 86;
/** In a native call: 5 minutes, since a driver may compile its kernels and a disk may be slow. */
const LOOKS_AT_NATIVE_CALL = 430;
/** A loop takes processor time. A main thread that other processes hold up takes none. */
const MIN_PROCESSOR_MS = 2_000;

/**
 * How an engine process hangs: it does not start, it is stopped, or a JavaScript loop or a native call does not end.
 */
export type Hang = 'start' | 'stopped' | 'loop' | 'native';

/**
 * Detects an engine process that hangs, by the pulses of its lifeline. It counts looks, not time. After a sleep of the
 * machine or a pause of the front it looks once, and finds the pulses that were sent meanwhile.
 */
export class EngineHangWatch {
  #timer: NodeJS.Timeout | undefined;
  #pulse: Pulse | undefined;
  /** The number of pulses now, and at the last look. */
  #pulses = 0;
  #pulsesSeen = 0;
  #looksWithoutPulse = 0;
  #looksWithoutProgress = 0;
  /** The pulse at the last progress of the main thread. */
  #progress: Pulse | undefined;

  constructor(private readonly onHang: (hang: Hang) => void) {}

  /** Starts to look regularly. */
  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Stops looking. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Notes a pulse. */
  hear(pulse: Pulse): void {
    this.#pulses++;
    this.#pulse = pulse;
  }

  /** Looks once. Calls `onHang` at most once. */
  look(): void {
    const hang = this.#hang();
    if (hang === undefined) return;
    this.stop();
    this.onHang(hang);
  }

  #hang(): Hang | undefined {
    this.#looksWithoutPulse = this.#pulses === this.#pulsesSeen ? this.#looksWithoutPulse + 1 : 0;
    this.#pulsesSeen = this.#pulses;
    const pulse = this.#pulse;
    if (pulse === undefined) return this.#looksWithoutPulse >= LOOKS_AT_START ? 'start' : undefined;
    if (this.#looksWithoutPulse >= LOOKS) return 'stopped';
    const last = this.#progress;
    if (last === undefined || pulse.turns !== last.turns || pulse.callsEnded !== last.callsEnded) {
      this.#progress = pulse;
      this.#looksWithoutProgress = 0;
      return undefined;
    }
    this.#looksWithoutProgress++;
    if (this.#looksWithoutProgress >= LOOKS_AT_NATIVE_CALL) return 'native';
    const isInNativeCall = pulse.callsBegun !== pulse.callsEnded;
    if (isInNativeCall || this.#looksWithoutProgress < LOOKS) return undefined;
    return pulse.processorMs - last.processorMs >= MIN_PROCESSOR_MS ? 'loop' : undefined;
  }
}

/** The message for the user about a hang. */
export function describeHang(hang: Hang): string {
  switch (hang) {
    case 'start':
      return 'The engine did not start within a minute and was ended.';
    case 'stopped':
      return 'The engine gave no sign of life for 7 s and was ended: another program had stopped it, or the machine had no time or memory for it.';
    case 'loop':
      return 'The engine was in a loop for 7 s and was ended.';
    case 'native':
      return 'The engine waited for 5 minutes for a driver or the system and was ended.';
  }
}
