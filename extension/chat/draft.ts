export interface DraftOptions {
  /** What was kept of it. */
  readonly text: string;
  readonly keep: (text: string) => void;
  /** Shows `text` in the page's box, where that still holds `previous`. */
  readonly show: (previous: string, text: string) => void;
}

/** What stands in the box for questions. It is held here, since the page that shows it comes and goes. */
export class Draft {
  #text: string;
  #edit = new AbortController();

  constructor(private readonly options: DraftOptions) {
    this.#text = options.text;
  }

  read(): string {
    return this.#text;
  }

  /** Aborted when the user changes the text the next time. */
  get nextEdit(): AbortSignal {
    return this.#edit.signal;
  }

  /** The user changed it in the page; a question that is sent leaves it empty. */
  edit(text: string): void {
    this.#set(text);
    this.#edit.abort();
    this.#edit = new AbortController();
  }

  /** Writes something into the box. What the user changed there at the same time is not overwritten. */
  write(text: string): void {
    this.options.show(this.#text, text);
    this.#set(text);
  }

  #set(text: string): void {
    this.#text = text;
    this.options.keep(text);
  }
}
