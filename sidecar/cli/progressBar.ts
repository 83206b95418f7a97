import { drawLine } from './terminal.ts';

const WIDTH = 30;

/** A progress bar on standard error. Draws nothing if that is not a terminal. */
export class ProgressBar {
  #drawn = false;

  constructor(private readonly stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'> = process.stderr) {}

  /** Draws `share`, 0 to 1, and `label`. */
  update(label: string, share: number): void {
    if (!this.stream.isTTY) return;
    const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
    const percent = `${Math.round(share * 100)}`.padStart(3);
    const room = Math.max(0, (this.stream.columns || 80) - WIDTH - 9);
    drawLine(this.stream, `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent} %  ${label.slice(0, room)}`);
    this.#drawn = true;
  }

  /** Removes the bar, so that other text may follow. */
  clear(): void {
    if (this.#drawn) this.stream.write('\r\x1b[K');
    this.#drawn = false;
  }
}
