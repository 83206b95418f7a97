import type { Pulse } from '../../common/childProcess/pulse.ts';

const LOOK_MS = 700;
/** Looks in a row that see no change: 7 s. */
const LOOKS = 10;
/** An engine is read from a cold disk, on a machine that may be busy: 60 s. */
const LOOKS_AT_START = 86;
/** A driver compiles its kernels, a disk is slow: 5 minutes. */
const LOOKS_AT_NATIVE_CALL = 430;
/** A loop takes time of the processor; a main thread that others keep from it takes none. */
const MIN_PROCESSOR_MS = 2_000;

/**
 * How an engine process hangs: it does not start, is stopped, is in a loop of JavaScript, or does not come back from a
 * native call.
 */
export type Hang = 'start' | 'stopped' | 'loop' | 'native';

/**
 * Tells of an engine process that hangs, by the pulses of its lifeline. Looks are counted, not time: a machine that
 * slept, and a front that was busy or stopped, look once when they go on, and find the pulses that were sent meanwhile.
 */
export class EngineWatch {
  #timer: NodeJS.Timeout | undefined;
  #pulse: Pulse | undefined;
  /** Pulses heard, and how many they were at the last look. */
  #pulses = 0;
  #pulsesSeen = 0;
  #looksWithoutPulse = 0;
  #looksWithoutProgress = 0;
  /** The pulse at the last progress of the main thread. */
  #progress: Pulse | undefined;

  constructor(private readonly onHang: (hang: Hang) => void) {}

  /** Looks from now on by itself. */
  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** A pulse has come. */
  hear(pulse: Pulse): void {
    this.#pulses++;
    this.#pulse = pulse;
  }

  /** Looks once; tells of a hang at most once. */
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

/** What the user is told of a hang. */
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
