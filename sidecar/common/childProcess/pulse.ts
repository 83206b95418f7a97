/** The file descriptor of the pipe between a child's lifeline and its parent. */
export const LIFELINE_FD = 3;

/** The variable that tells a child about that pipe. */
export const LIFELINE_VARIABLE = 'CHORUS_LIFELINE_FD';

/** Variables for a child with a lifeline, on top of its parent's environment. */
export const lifelineEnvironment = { [LIFELINE_VARIABLE]: String(LIFELINE_FD) };

/**
 * The message that a child's lifeline sends its parent once a second, even while the child's main thread is busy. All
 * counts grow.
 */
export interface Pulse {
  /** Turns of the main thread's event loop, about one a second. */
  readonly turns: number;
  /** Native calls of the main thread that may take long. */
  readonly callsBegun: number;
  readonly callsEnded: number;
  /** Processor time of all threads of the child, in milliseconds. */
  readonly processorMs: number;
}

export function pulseLine({ turns, callsBegun, callsEnded, processorMs }: Pulse): string {
  return `${turns} ${callsBegun} ${callsEnded} ${Math.round(processorMs)}\n`;
}

/** Reads pulses from the chunks of a pipe. */
export class PulseReader {
  #rest = '';

  /** Returns the pulses that are complete with `text`. */
  read(text: string): Pulse[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => {
      const [turns = 0, callsBegun = 0, callsEnded = 0, processorMs = 0] = line.split(' ').map(Number);
      return { turns, callsBegun, callsEnded, processorMs };
    });
  }
}
