const OPEN = '<think>';
const CLOSE = '</think>';

/** Splits the streamed answer of a reasoning model into its thoughts and the answer after them. */
export class ThinkingSplitter {
  #state: 'start' | 'thinking' | 'answer' = 'start';
  #held = '';

  /** Takes the next piece of the answer and returns the part that is certain so far. */
  append(text: string): { readonly thought: string; readonly answer: string } {
    this.#held += text;
    let thought = '';
    if (this.#state === 'start') {
      const begin = this.#held.trimStart();
      if (begin.startsWith(OPEN)) {
        this.#held = begin.slice(OPEN.length);
        this.#state = 'thinking';
      } else if (OPEN.startsWith(begin)) {
        return { thought: '', answer: '' };
      } else {
        this.#state = 'answer';
      }
    }
    if (this.#state === 'thinking') {
      const end = this.#held.indexOf(CLOSE);
      if (end < 0) {
        const safe = Math.max(0, this.#held.length - CLOSE.length + 1);
        thought = this.#held.slice(0, safe);
        this.#held = this.#held.slice(safe);
        return { thought, answer: '' };
      }
      thought = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + CLOSE.length).trimStart();
      this.#state = 'answer';
    }
    const answer = this.#held;
    this.#held = '';
    return { thought, answer };
  }

  /** Returns the text that was held back when the answer ended. */
  finish(): { readonly thought: string; readonly answer: string } {
    const rest = this.#held;
    this.#held = '';
    return this.#state === 'thinking' ? { thought: rest, answer: '' } : { thought: '', answer: rest };
  }
}
