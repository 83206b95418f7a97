/** The file descriptor of the pipe between a child's lifeline and its parent. */
export const LIFELINE_FD = 3;

/** Tells a child that its parent has made that pipe. */
export const LIFELINE_VARIABLE = 'CHORUS_LIFELINE_FD';

/** What a child with a lifeline is started with, on top of its parent's environment. */
export const lifelineEnvironment = { [LIFELINE_VARIABLE]: String(LIFELINE_FD) };

/** What a child's lifeline tells its parent once a second, whatever the child's main thread does. All counts grow. */
export interface Pulse {
  /** Turns of the main thread's event loop, about one a second. */
  readonly turns: number;
  /** Native calls of the main thread that may take long. */
  readonly callsBegun: number;
  readonly callsEnded: number;
  /** Time of the processor that all of the child's threads have taken, in milliseconds. */
  readonly processorMs: number;
}

export function pulseLine({ turns, callsBegun, callsEnded, processorMs }: Pulse): string {
  return `${turns} ${callsBegun} ${callsEnded} ${Math.round(processorMs)}\n`;
}

/** Reads pulses from pieces of text, as a pipe gives them. */
export class PulseReader {
  #rest = '';

  /** The pulses that end in `text`. */
  read(text: string): Pulse[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => {
      const [turns = 0, callsBegun = 0, callsEnded = 0, processorMs = 0] = line.split(' ').map(Number);
      return { turns, callsBegun, callsEnded, processorMs };
    });
  }
}
