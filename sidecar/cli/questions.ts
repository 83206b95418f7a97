import type { EventEmitter } from 'node:events';

/** The lines of a paste arrive with shorter gaps than this. A user does not type a line so quickly. */
const PASTE_GAP_MS = 30;

/** The part of readline's interface that questions need. */
export interface LineTerminal extends Pick<EventEmitter, 'on' | 'once'> {
  /** The text of the current, unfinished line. */
  readonly line: string;
  prompt(preserveCursor?: boolean): void;
}

export interface QuestionOptions {
  /** Whether a line is a command. A command does not begin a longer question. */
  readonly isCommand: (line: string) => boolean;
  /** Shows a question that was typed before the prompt appeared, when its turn comes. */
  readonly show: (question: string) => void;
}

/**
 * The questions that are typed or pasted into a terminal, including those that arrive before they are awaited. Several
 * pasted lines are one question.
 */
export class Questions {
  readonly #waiting: string[] = [];
  /** Lines of the unfinished question. */
  #lines: string[] = [];
  #gap: NodeJS.Timeout | undefined;
  #resolve: ((question: string | undefined) => void) | undefined;
  #isClosed = false;

  constructor(
    private readonly terminal: LineTerminal,
    private readonly options: QuestionOptions,
  ) {
    terminal.on('line', (line: string) => this.#add(line));
    terminal.once('close', () => this.#close());
  }

  /**
   * Returns the next question. If there is none yet, the terminal prompts for it. Resolves to `undefined` when the
   * terminal is closed.
   */
  async next(): Promise<string | undefined> {
    const question = this.#waiting.shift();
    if (question !== undefined) {
      this.options.show(question);
      return question;
    }
    if (this.#isClosed) return undefined;
    this.terminal.prompt(true);
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  #add(line: string): void {
    if (this.#lines.length === 0 && this.options.isCommand(line)) return this.#give(line);
    const count = this.#lines.push(line);
    clearTimeout(this.#gap);
    // If the timer is late because lines were shown, the next lines may already wait to be read.
    this.#gap = setTimeout(() => setImmediate(() => this.#endPaste(count)), PASTE_GAP_MS);
  }

  /** Most pastes end within a line, which the user then completes. */
  #endPaste(count: number): void {
    if (this.#lines.length === count && this.terminal.line === '') this.#giveLines();
  }

  #giveLines(): void {
    const question = this.#lines.join('\n');
    this.#lines = [];
    this.#give(question);
  }

  #give(question: string): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    if (resolve) resolve(question);
    else if (question.trim() !== '') this.#waiting.push(question);
  }

  /**
   * Returns a complete question that is awaited when the terminal closes. In a script, the end of the question and of
   * the input come together.
   */
  #close(): void {
    this.#isClosed = true;
    clearTimeout(this.#gap);
    if (this.#lines.length > 0 && this.terminal.line === '') this.#giveLines();
    this.#lines = [];
    this.#waiting.length = 0;
    this.#resolve?.(undefined);
  }
}
