import { TextStream } from '../engine/textStream.ts';

/**
 * Removes the required start of an answer. A local model continues behind it, but a server's model writes it itself,
 * perhaps behind other words, or omits it. For a fenced block ("```ts") the start is the line with the opening fence.
 * An answer without such a line is kept whole.
 */
export class AnswerStart {
  readonly #fence: string;
  #held = '';
  /** The last, possibly incomplete line of the held text. */
  #line = '';
  #isOpen: boolean;

  constructor(answerStart: string) {
    this.#fence = /^[`~]+/.exec(answerStart)?.[0] ?? '';
    this.#isOpen = this.#fence === '';
  }

  /** Returns the new part of the answer behind its start. */
  push(text: string): string {
    if (this.#isOpen) return text;
    this.#held += text;
    // Complete lines were checked before.
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

  /** Returns the held text when the answer has ended. */
  end(): string {
    return this.#isOpen ? '' : this.#held;
  }
}

/** Ends a text at the first stop text. Holds back a possible beginning of a stop text until it is decided. */
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
