const MAX_LINES = 40;
const MAX_LINE_UNITS = 400;

/** The last lines that a process wrote. They often tell why it ended. */
export class OutputTail {
  #lines: string[] = [];
  #unfinished = '';

  push(text: string): void {
    const lines = (this.#unfinished + text).split(/\r?\n/);
    this.#unfinished = (lines.pop() ?? '').slice(-MAX_LINE_UNITS);
    for (const line of lines) {
      if (line.trim() !== '') this.#lines.push(line.slice(0, MAX_LINE_UNITS));
    }
    this.#lines = this.#lines.slice(-MAX_LINES);
  }

  get text(): string {
    return [...this.#lines, ...(this.#unfinished.trim() === '' ? [] : [this.#unfinished])].join('\n');
  }
}
