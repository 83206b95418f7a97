import { TextStream } from '../engine/textStream.ts';

/**
 * Takes off what an answer was to begin with. A local model is made to go on behind it; a server's model writes it
 * itself, with words before it or not at all. For a fenced block ("```ts") that is the line that opens one; an answer
 * without such a line is taken whole.
 */
export class AnswerStart {
  readonly #fence: string;
  #held = '';
  /** The end of what is held: a line that may still go on. */
  #line = '';
  #isOpen: boolean;

  constructor(answerStart: string) {
    this.#fence = /^[`~]+/.exec(answerStart)?.[0] ?? '';
    this.#isOpen = this.#fence === '';
  }

  /** What of the answer so far is behind its start, and was not given before. */
  push(text: string): string {
    if (this.#isOpen) return text;
    this.#held += text;
    // Lines that ended before have been looked at.
    const [first = '', ...others] = text.split('\n');
    const lines = [this.#line + first, ...others];
    const opening = lines.slice(0, -1).findIndex((line) => line.trimStart().startsWith(this.#fence));
    if (opening < 0) {
      this.#line = lines.at(-1) ?? '';
      return '';
    }
    this.#isOpen = true;
    return lines.slice(opening + 1).join('\n');
  }

  /** What is left when the answer has ended. */
  end(): string {
    return this.#isOpen ? '' : this.#held;
  }
}

/** Ends a text at the first of some texts; what might be the beginning of one is held back until it is decided. */
export class StopTexts {
  readonly #stream: TextStream;

  constructor(stop: readonly string[]) {
    this.#stream = new TextStream(stop);
  }

  get isStopped(): boolean {
    return this.#stream.stopText !== undefined;
  }

  push(text: string): string {
    return this.#stream.push(0, Buffer.from(text)).text;
  }

  end(): string {
    return this.#stream.end().text;
  }
}
