/** A sentence that ends with fewer units is an abbreviation, such as "e.g." */
const LEAST_UNITS = 12;

/**
 * Lets the first sentence of an answer pass, and ends the request behind it. The text comes in pieces. A sentence ends
 * where the next one begins, by Unicode's rules for the language (a BCP 47 tag), or at the end of its line.
 */
export class SentenceGate {
  readonly #abort = new AbortController();
  readonly #segmenter: Intl.Segmenter;
  #text = '';
  #sent = 0;

  constructor(
    language: string,
    private readonly send: (text: string) => void,
  ) {
    this.#segmenter = new Intl.Segmenter(Intl.Segmenter.supportedLocalesOf([language])[0] ?? 'en', {
      granularity: 'sentence',
    });
  }

  /** Aborts behind the first sentence. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The sentence so far, without the space behind it. */
  get text(): string {
    return this.#text.slice(0, this.#end ?? this.#text.length).trim();
  }

  receive(text: string): void {
    if (this.signal.aborted) return;
    this.#text += text;
    const end = this.#end;
    const shown = this.#text.slice(0, end ?? this.#text.length).trimEnd();
    if (shown.length > this.#sent) this.send(shown.slice(this.#sent));
    this.#sent = Math.max(this.#sent, shown.length);
    if (end !== undefined) this.#abort.abort();
  }

  /** Where the sentence ends; `undefined` before its end. */
  get #end(): number | undefined {
    const start = this.#text.length - this.#text.trimStart().length;
    const line = this.#text.indexOf('\n', start + 1);
    if (line > start) return line;
    let end = start;
    for (const { segment, index } of this.#segmenter.segment(this.#text.slice(start))) {
      if (index >= LEAST_UNITS && !isInCode(this.#text.slice(start, start + index))) return start + index;
      end = start + index + segment.length;
    }
    return end < this.#text.length ? end : undefined;
  }
}

/** Whether an odd number of backquotes stands before the place. */
const isInCode = (before: string): boolean => before.split('`').length % 2 === 0;
