/** A sentence ends here at the latest. */
const MOST_UNITS = 400;
/** A line of at most so many units that ends with a colon is a heading. */
const HEADING_UNITS = 60;

/** What may stand before the text: a fence, the marks of a comment, a heading. */
const HEADS: readonly RegExp[] = [
  /^\s+/,
  /^```[^\n]*\n/,
  /^(?:\/\*\*?(?!\/)|\*(?=[\s/])\/?|\/\/[/!]?|#+(?=\s)|"""|'''|--(?=\s))/,
  new RegExp(`^[^\\n]{1,${HEADING_UNITS}}:[ \\t]*\\n`),
];
/** A beginning that may still become one of them. */
const OPEN_HEAD = new RegExp(`^(?:\`\`\`[^\\n]*|[/*#"'\`-]{1,3}|[^\\n.!?。！？।]{1,${HEADING_UNITS}})$`);
/** Marks that end a comment. */
const TAIL = /\s*(?:\*\/|"""|'''|```)\s*$/;

/** Ends of sentences that nothing else means. */
const CERTAIN_END = /[。！？।॥؟۔]/;
/** Texts before a full stop that make it no end: one letter, and common abbreviations. */
const ABBREVIATION =
  /(?:^|[\s(.\u00a0])(?:\p{L}|vs|etc|cf|ca|approx|incl|resp|bzw|usw|evtl|ggf|np|tj|tzv|напр|др|ej|aprox|env)$/iu;
/** Languages that write ordinals with a full stop. */
const ORDINALS = /^(?:cs|de|pl|tr)\b/i;

/**
 * Lets the first sentence of an answer pass, and ends the request behind it. The text comes in pieces. Marks of
 * comments and fences before the sentence are left out. A sentence also ends with its line.
 */
export class SentenceGate {
  readonly #abort = new AbortController();
  #text = '';
  /** Where the sentence begins; `undefined` before that is known. */
  #start: number | undefined;
  /** The text before this place is known to belong to the sentence. */
  #scanned = 0;
  #isInCode = false;
  #sent = 0;

  /** `language`: a BCP 47 tag. */
  constructor(
    private readonly language: string,
    private readonly send: (text: string) => void,
  ) {}

  /** Aborts behind the first sentence. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  receive(text: string): void {
    if (this.signal.aborted) return;
    this.#text += text;
    if (this.#begins(false)) this.#scan(false);
  }

  /** Sends what was held back, since nothing follows. Returns the sentence. */
  finish(): string {
    if (!this.signal.aborted && this.#begins(true)) this.#scan(true);
    if (this.#start === undefined) return '';
    const sentence = this.#known;
    const closed = sentence + (this.#isInCode ? '`' : '') + (sentence.split('**').length % 2 === 0 ? '**' : '');
    this.#sendOn(closed);
    return closed;
  }

  /** The sentence so far. White space and closing marks are left out: they may be the end. */
  get #known(): string {
    return this.#text.slice(this.#start, this.#scanned).replace(TAIL, '').trimEnd();
  }

  /** Sends the part of a text that was not sent yet. */
  #sendOn(text: string): void {
    if (text.length <= this.#sent) return;
    this.send(text.slice(this.#sent));
    this.#sent = text.length;
  }

  /** Whether the sentence has begun. `isOver`: nothing follows. */
  #begins(isOver: boolean): boolean {
    if (this.#start !== undefined) return true;
    let rest = this.#text;
    for (let head: RegExpExecArray | null | undefined; ; rest = rest.slice(head[0].length)) {
      head = HEADS.map((pattern) => pattern.exec(rest)).find((found) => found !== null);
      if (!head) break;
    }
    if (rest === '' || (!isOver && OPEN_HEAD.test(rest))) return false;
    this.#start = this.#scanned = this.#text.length - rest.length;
    return true;
  }

  /** Reads on to the end of the sentence, or as far as that can be told. */
  #scan(isOver: boolean): void {
    const start = this.#start as number;
    while (this.#scanned < this.#text.length && !this.signal.aborted) {
      const place = this.#scanned;
      const character = this.#text[place] as string;
      if (character === '\n' || place - start >= MOST_UNITS) {
        this.#abort.abort();
        break;
      }
      if (character === '`') this.#isInCode = !this.#isInCode;
      const isEnd = this.#isInCode ? false : this.#isEnd(place, isOver);
      if (isEnd === undefined) break;
      this.#scanned++;
      if (isEnd) this.#abort.abort();
    }
    this.#sendOn(this.#known);
  }

  /** Whether the sentence ends with the character at a place. `undefined` if the following text decides. */
  #isEnd(place: number, isOver: boolean): boolean | undefined {
    const character = this.#text[place] as string;
    if (CERTAIN_END.test(character)) return true;
    if (!'.!?'.includes(character)) return false;
    const behind = this.#text.slice(place + 1, place + 1 + MOST_UNITS);
    const next = /^[)"'»”\]]*\s+(\S)/u.exec(behind);
    if (!next) return isOver || /\S/.test(behind.replace(/^[)"'»”\]]+/, '')) ? false : undefined;
    if (/\p{Ll}/u.test(next[1] as string)) return false;
    const before = this.#text.slice(Math.max(this.#start as number, place - 16), place);
    if (character !== '.') return true;
    return !ABBREVIATION.test(before) && !(ORDINALS.test(this.language) && /\d$/.test(before));
  }
}
