export interface DraftOptions {
  /** The text that was kept from before. */
  readonly text: string;
  readonly keep: (text: string) => void;
  /** Shows `text` in the page's box if the box still holds `previous`. */
  readonly show: (previous: string, text: string) => void;
}

/** The text of the input box. It is held here because the page is destroyed while it is hidden. */
export class Draft {
  #text: string;
  #edit = new AbortController();

  constructor(private readonly options: DraftOptions) {
    this.#text = options.text;
  }

  read(): string {
    return this.#text;
  }

  /** A signal that is aborted at the user's next edit. */
  get nextEdit(): AbortSignal {
    return this.#edit.signal;
  }

  /** Takes the user's edit in the page. Sending a question empties the text. */
  edit(text: string): void {
    this.#set(text);
    this.#edit.abort();
    this.#edit = new AbortController();
  }

  /** Writes `text` into the box, but never over a simultaneous edit of the user. */
  write(text: string): void {
    this.options.show(this.#text, text);
    this.#set(text);
  }

  #set(text: string): void {
    this.#text = text;
    this.options.keep(text);
  }
}
