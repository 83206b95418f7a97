import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { printJson } from './output.ts';
import type { Pausing } from './pausing.ts';

/**
 * An editor that runs a long command, over its standard input and output. The editor writes "pause" and "resume", a
 * line each.
 */
export class EditorLink implements Disposable {
  readonly #gone = new AbortController();
  readonly #reader: Interface;
  /** Aborts at the end of the input: the editor has gone or cancels. */
  readonly signal = this.#gone.signal;

  constructor(private readonly pausing: Pausing) {
    this.#reader = createInterface({ input: process.stdin });
    this.#reader.on('line', (word) => this.#obey(word));
    this.#reader.on('close', this.#end);
  }

  /** Prints the progress of a step, as long as the editor is there. */
  readonly onProgress = (step: string, share: number): void => {
    if (!this.signal.aborted) printJson({ progress: { step, share } });
  };

  #obey(word: string): void {
    if (word === 'pause') this.pausing.pause();
    else if (word === 'resume') this.pausing.resume();
  }

  readonly #end = (): void => {
    // A stopped process could not end.
    this.pausing.resume();
    this.#gone.abort();
  };

  [Symbol.dispose](): void {
    this.#reader.off('close', this.#end);
    this.#reader.close();
    // An open input would keep this process alive.
    process.stdin.destroy();
  }
}
