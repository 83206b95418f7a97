import type { EventEmitter } from 'node:events';

/** The lines of a paste come one behind the other; nobody types the next one within so long. */
const PASTE_GAP_MS = 30;

/** The part of readline's interface that questions need. */
export interface LineTerminal extends Pick<EventEmitter, 'on' | 'once'> {
  /** What stands in the line that is not ended yet. */
  readonly line: string;
  prompt(preserveCursor?: boolean): void;
}

export interface QuestionOptions {
  /** Such a line is no part of a longer question that it begins. */
  readonly isCommand: (line: string) => boolean;
  /** Shows a question whose turn has come, and which was typed before the prompt was there. */
  readonly show: (question: string) => void;
}

/**
 * The questions that are typed or pasted into a terminal, those too that come while nobody waits for one. Several lines
 * of a paste are one question.
 */
export class Questions {
  readonly #waiting: string[] = [];
  /** Lines of the question that is not at its end. */
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

  /** The next question, for which the terminal prompts where none came yet. `undefined`: the terminal is closed. */
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
    // Behind a timer that is late because lines were shown, the next ones may be there to be read.
    this.#gap = setTimeout(() => setImmediate(() => this.#endPaste(count)), PASTE_GAP_MS);
  }

  /** Most pastes end within a line, which the user ends. */
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
   * A question that is whole, and waited for, is given yet: its end and that of the input come together from a script.
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
